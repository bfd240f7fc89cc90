import { randomUUID } from 'node:crypto';
import type { RunCommandBody } from '@viw/contracts';
import { createMetrics } from '@viw/runtime';
import { bridgeMetrics } from '../bridge-metrics';
import { Connection } from '../connection/connection';
import { legacyDialect } from '../frames/legacy/legacy-dialect';
import { WorkUnderWay } from '../work-under-way';
import { Dispatcher } from './dispatcher';

const body: RunCommandBody = {
  kind: 'run',
  correlation_id: randomUUID(),
  agent_id: 'gw-1',
  verb: 'list_users',
  accepted_at: new Date(0).toISOString(),
  expires_at: new Date(60_000).toISOString(),
  timeout_s: 5,
  jws: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
};

test('marked as sent and held back at the last moment: sent later all the same, once', async () => {
  const world = { now: 0, maySend: true, marks: 0 };
  const sent: string[] = [];
  const told: string[] = [];
  const connection = Object.assign(Object.create(Connection.prototype) as Connection, {
    agentId: body.agent_id,
    dialect: { ...legacyDialect({ silentAfterMs: 90_000, loopMs: 0 }), refusal: () => undefined },
    takesCommands: true,
    ended: false,
    send: ({ type }: { type: string }) => sent.push(type) > 0,
  });
  const pending = new WorkUnderWay();
  const dispatcher = new Dispatcher({
    connections: { get: () => connection } as never,
    inbox: { settle: () => undefined },
    handover: undefined as never,
    policy: { maySend: () => world.maySend, objection: () => undefined } as never,
    events: { tell: (_: unknown, state: string) => Promise.resolve(told.push(state) > 0) } as never,
    proof: { missing: async () => new Set<string>() },
    sentMarks: {
      claim: () => {
        world.maySend = false;
        return Promise.resolve(world.marks++ === 0);
      },
    },
    mayDecide: () => true,
    pending,
    clock: { now: () => world.now },
    metrics: bridgeMetrics(createMetrics('agent-bridge')),
  });
  const entry = { id: '1-0', stream: 's', deliveryCount: 1, header: { event_id: randomUUID() }, body };
  await dispatcher.accept([entry as never], undefined as never);
  await pending.idle(1_000);
  expect([sent, told, dispatcher.waiting]).toEqual([[], [], 1]);
  world.maySend = true;
  world.now = 5_000;
  dispatcher.sweep();
  await pending.idle(1_000);
  expect([sent, told]).toEqual([['COMMAND'], ['dispatched']]);
});
