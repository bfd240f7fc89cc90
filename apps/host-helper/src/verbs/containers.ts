import type { VerbArguments } from '@viw/commands';
import type { SessionContainers } from '../containers/session-containers';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';
import { listOutcome } from './list-outcome';

export const spawnContainer = (containers: SessionContainers): Executor => ({
  available: () => containers.available(),
  run: async (args, { deadline }) =>
    jsonOutcome({
      container_id: await containers.spawn(args as VerbArguments<'spawn_container'>, deadline),
    }),
});

export const stopContainer = (containers: SessionContainers): Executor => ({
  available: () => containers.available(),
  run: async (args, { deadline }) => {
    const { container_id } = args as VerbArguments<'stop_container'>;
    return jsonOutcome({ container_id: await containers.stop(container_id, deadline) });
  },
});

export const listContainers = (containers: SessionContainers): Executor => ({
  available: () => containers.available(),
  run: async (_args, { deadline }) => {
    const found = await containers.list(deadline);
    return listOutcome(
      'containers',
      found.map(({ id, name, image, state }) => ({ id, name, image, state })),
    );
  },
});
