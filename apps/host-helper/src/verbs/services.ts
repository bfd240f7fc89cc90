import type { VerbArguments } from '@viw/commands';
import type { ServiceManager } from '../services/service-manager';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';

export const reloadService = (manager: ServiceManager): Executor => ({
  available: () => Promise.resolve(manager.services.length > 0),
  run: async (args, { deadline }) => {
    const { service } = args as VerbArguments<'reload_service'>;
    return jsonOutcome({ service, state: await manager.reload(service, deadline) });
  },
});

export const restartAgent = (manager: ServiceManager): Executor => ({
  available: () => Promise.resolve(true),
  run: async (_args, { deadline }) => {
    await manager.restartAgentSoon(deadline);
    return jsonOutcome({ restarting: true });
  },
});
