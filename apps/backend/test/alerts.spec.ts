import type { Client } from '@viw/client';
import { changesStream } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { ScopedObjects } from './scoped-objects';
import { makeObjects } from './scoped-objects';
import { Collected } from './sse';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let mine: ScopedObjects;
let foreign: ScopedObjects;
let operator: Client;
let narrowed: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  mine = await makeObjects(around, backend);
  foreign = await makeObjects(around, backend);
  operator = await backend.as('operator');
  narrowed = await backend.as('operator', {
    gateways: { ids: [mine.agent_id] },
    servers: { ids: [mine.server] },
    certificates: { ids: [mine.certificate] },
  });
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

async function raise(kind: string, about?: [kind: string, id: string]): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO viw.alerts (id, dedupe_key, kind, severity, title, about_kind, about_id, raised_at, last_raised_at)
    VALUES (gen_random_uuid(), ${`${kind}:${about?.[1] ?? kind}`}, ${kind}, 'warning', 'about it', ${about?.[0] ?? null},
      ${about?.[1] ?? null}, now(), now()) RETURNING id`.execute(around.owner);
  return rows[0]?.id ?? '';
}

test('acknowledged by name, once, with a line in the audit log and word to the panel', async () => {
  const id = await raise('disk-full');
  const events = new Collected((signal) => operator.events({ topics: ['alerts'] }, signal));
  await eventually(() => expect(events.types).toContain('ready'));
  const acknowledged = await operator.alerts.acknowledge(id);
  expect(acknowledged).toMatchObject({
    state: 'acknowledged',
    acknowledged_by: expect.stringMatching(/^operator/) as unknown,
  });
  await expect((await backend.as('admin')).alerts.acknowledge(id)).resolves.toEqual(acknowledged);
  const { rows } = await sql`SELECT outcome FROM viw.audit_log
    WHERE action = 'alert.acknowledge' AND object_id = ${id}`.execute(around.owner);
  expect(rows).toEqual([{ outcome: 'success' }]);
  await eventually(() => expect(events.changed).toEqual([id]));
  await events.close();
  await sql`UPDATE viw.alerts SET state = 'resolved', resolved_at = now() WHERE id = ${id}`.execute(
    around.owner,
  );
  await expect(operator.alerts.acknowledge(id)).rejects.toMatchObject({ code: 'CONFLICT' });
  const unknown = '01936b2e-0000-7000-8000-000000000001';
  await expect(operator.alerts.acknowledge(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a narrowed caller sees, hears of and acknowledges alerts about what it may see', async () => {
  const own = [
    await raise('renewal.failing', ['certificate', mine.certificate]),
    await raise('agent-contested', ['gateway', mine.agent_id]),
    mine.alert,
  ];
  const others = [
    await raise('renewal.failing', ['certificate', foreign.certificate]),
    await raise('agent-contested', ['gateway', foreign.agent_id]),
    await raise('notification-failing', ['notification_channel', mine.certificate]),
    await raise('no-subject'),
    foreign.alert,
  ];
  const { items, total } = await narrowed.alerts.list({ total: 'true' });
  expect(items.map(({ id }) => id).sort()).toEqual([...own].sort());
  expect(total).toBe(3);
  const all = (await operator.alerts.list({ limit: 200 })).items.map(({ id }) => id);
  expect(all).toEqual(expect.arrayContaining([...own, ...others]));
  for (const id of others)
    await expect(narrowed.alerts.acknowledge(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const events = new Collected((signal) => narrowed.events({ topics: ['alerts'] }, signal));
  await eventually(() => expect(events.types).toContain('ready'));
  const changes = [...others, ...own].map((id) => ({ kind: 'alert' as const, id }));
  await around.client.xadd(changesStream.stream, '*', ...encodeEntry(changesStream, { changes }).fields);
  await eventually(() => expect(events.changed).toEqual(own));
  await events.close();
  await expect(narrowed.alerts.acknowledge(mine.alert)).resolves.toMatchObject({ state: 'acknowledged' });
});

test('says when a notifier last looked, and filters', async () => {
  await expect(operator.alerts.list()).resolves.toMatchObject({ evaluated_at: null });
  await sql`INSERT INTO viw.alert_upkeep (evaluated_at) VALUES ('2026-11-28T08:00:00Z')`.execute(
    around.owner,
  );
  const page = await operator.alerts.list({
    about_kind: 'certificate',
    about_id: mine.certificate,
    state: 'open',
  });
  expect(page).toMatchObject({ evaluated_at: '2026-11-28T08:00:00.000Z' });
  expect(page.items.map(({ kind }) => kind)).toEqual(['renewal.failing']);
});
