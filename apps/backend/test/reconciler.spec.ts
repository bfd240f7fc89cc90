import { randomUUID } from 'node:crypto';
import {
  commandEventsStream,
  groups,
  hubAliveKey,
  hubEntriesStream,
  hubRegisterKey,
  hubStream,
} from '@viw/contracts';
import { PeriodicTask, createLogger } from '@viw/runtime';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { Reconciler } from '../src/reconciler/reconciler';
import { UnreadReports } from '../src/reconciler/unread-reports';
import { Store } from '../src/store';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import { uniqueAgent } from './test-backend';

const HOUR_MS = 3_600_000;
const { stream } = commandEventsStream;
const agentId = uniqueAgent();
let around: Surroundings;
let reconciler: PeriodicTask;

beforeAll(async () => {
  around = await surroundings();
  const { repositories } = new Store({ db: around.owner });
  await repositories.gateways.register({ agent_id: agentId });
  const logger = createLogger({ service: 'backend', level: 'fatal' });
  const subject = new Reconciler({
    repositories,
    unreadReports: new UnreadReports({ redis: around.client }),
    changes: { announce: () => undefined },
    logger,
  });
  reconciler = new PeriodicTask(
    { name: 'reconciler', everyMs: 50, failureEvent: 'failed' },
    { run: () => subject.reconcile(), logger },
  );
}, 60_000);

afterAll(async () => {
  await reconciler?.stop();
  await around?.close();
});

/** A command that was published, and whose time was over so long ago. */
async function overdue(hours: number, status: 'queued' | 'dispatched' = 'queued'): Promise<string> {
  const id = randomUUID();
  await sql`INSERT INTO viw.agent_commands
    (correlation_id, agent_id, verb, parameters_redacted, jws, status, issued_by_kind, issued_by_id, issued_by_name,
     accepted_at, expires_at, timeout_s, queued_at)
    VALUES (${id}, ${agentId}, 'list_users', '{}', 'x.y.z', ${status}, 'administrator', 'a-1', 'admin@example.org',
     now() - interval '1 day', now() - make_interval(hours => ${hours}), 30, now() - interval '1 day')`.execute(
    around.owner,
  );
  return id;
}

async function statusOf(id: string): Promise<string | undefined> {
  const { rows } = await sql<{ status: string }>`
    SELECT status FROM viw.agent_commands WHERE correlation_id = ${id}`.execute(around.owner);
  return rows[0]?.status;
}

it('calls no command expired of which a report may still be unread: the results-writer may be behind', async () => {
  const dispatched = await overdue(1);
  const { fields } = encodeEntry(commandEventsStream, {
    correlation_id: dispatched,
    agent_id: agentId,
    hub: 'hub-1',
    at: new Date().toISOString(),
    state: 'dispatched',
  });
  await around.client.xgroup('CREATE', stream, groups.resultsWriter, '0', 'MKSTREAM');
  await around.client.xadd(stream, `${Date.now() - 2 * HOUR_MS}-0`, ...fields);

  // One of which no report can be among the unread shows that the reconciler has been at work.
  const before = await overdue(3);
  reconciler.start();
  await eventually(async () => expect(await statusOf(before)).toBe('expired'));
  expect(await statusOf(dispatched)).toBe('queued');

  const [[, [[entryId]]]] = (await around.client.xreadgroup(
    'GROUP',
    groups.resultsWriter,
    'writer',
    'STREAMS',
    stream,
    '>',
  )) as [[string, [[string, string[]]]]];
  const whileRead = await overdue(3);
  await eventually(async () => expect(await statusOf(whileRead)).toBe('expired'));
  expect(await statusOf(dispatched)).toBe('queued');

  await around.client.xack(stream, groups.resultsWriter, entryId);
  await eventually(async () => expect(await statusOf(dispatched)).toBe('expired'));
});

it('calls no command expired that a dead hub may have sent without having time to say so', async () => {
  const hub = `hub-${randomUUID()}`;
  const { fields } = encodeEntry(hubEntriesStream, { kind: 'replaced', agent_id: agentId, epoch: 1 });
  await around.client.sadd(hubRegisterKey, hub);
  await around.client.xadd(hubStream(hub), `${Date.now() - 2 * HOUR_MS}-0`, ...fields);
  await around.client.xgroup('CREATE', hubStream(hub), groups.agentBridge, '0');
  await around.client.xreadgroup('GROUP', groups.agentBridge, hub, 'STREAMS', hubStream(hub), '>');

  reconciler.start();
  // A round that began before the hub held anything is over once this one ended.
  const earlier = await overdue(3);
  await eventually(async () => expect(await statusOf(earlier)).toBe('expired'));
  const held = await overdue(1);
  const before = await overdue(3);
  await eventually(async () => expect(await statusOf(before)).toBe('expired'));
  expect(await statusOf(held)).toBe('queued');
  // Back, but what it held is still as its former life left it.
  await around.client.set(hubAliveKey(hub), '1');
  const whileBack = await overdue(3);
  await eventually(async () => expect(await statusOf(whileBack)).toBe('expired'));
  expect(await statusOf(held)).toBe('queued');

  const [[entryId] = ['']] = await around.client.xrange(hubStream(hub), '-', '+');
  await around.client.xack(hubStream(hub), groups.agentBridge, entryId);
  await eventually(async () => expect(await statusOf(held)).toBe('expired'));
});

it('a command that was delivered and never answered, as by agents that report no outcome, ends as unknown', async () => {
  reconciler.start();
  const silent = await overdue(3, 'dispatched');
  await eventually(async () => expect(await statusOf(silent)).toBe('unknown'));
});
