import { randomUUID } from 'node:crypto';
import { createLogger, createMetrics } from '@viw/runtime';
import { bridgeMetrics } from '../bridge-metrics';
import type { Connection } from '../connection/connection';
import { WorkUnderWay } from '../work-under-way';
import { Handover } from './handover';
import type { HomelessCommand } from './held-command';
import type { Place } from './placement';

const command = (untold: boolean): HomelessCommand => ({
  entryId: '1-0',
  facts: { eventId: randomUUID() },
  body: { kind: 'cancel', correlation_id: randomUUID(), agent_id: 'gw-1' },
  untold,
});

function make(place: Place) {
  const done: string[] = [];
  const world = { confirmed: true, drained: 0 };
  const connection = { takesCommands: true, ended: false, logFields: {} } as unknown as Connection;
  const pending = new WorkUnderWay();
  const handover = new Handover({
    placement: {
      place: ({ correlation_id }) => Promise.resolve(done.push(correlation_id)).then(() => place),
      drain: () => Promise.resolve(world.drained++ * 0),
    },
    inbox: { moved: () => undefined },
    events: { tell: () => Promise.resolve(world.confirmed) },
    connections: { get: () => connection } as never,
    pending,
    metrics: bridgeMetrics(createMetrics('agent-bridge')),
    logger: createLogger({ service: 'agent-bridge', level: 'silent' }),
  });
  return { handover, world, done, pending };
}

test.each([
  ['mailbox', 1],
  ['gone', 1],
  ['hub', 0],
] as const)(
  'moved, answer %s: the mailbox of an agent that is here is looked into %i times',
  async (place, times) => {
    const { handover, world, pending } = make(place);
    handover.give(command(false));
    await pending.idle(1_000);
    expect(world.drained).toBe(times);
  },
);

test('one that may have been sent moves only after that is confirmed, and before those given after it', async () => {
  const { handover, world, done, pending } = make('hub');
  const [sent, next] = [command(true), command(false)];
  world.confirmed = false;
  handover.give(sent);
  await pending.idle(1_000);
  expect(done).toEqual([]);
  world.confirmed = true;
  handover.sweep();
  handover.give(next);
  await pending.idle(1_000);
  expect(done).toEqual([sent.body.correlation_id, next.body.correlation_id]);
});
