import type { Client } from '@viw/client';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.as('admin');
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const url = 'https://hooks.example.org/viw';
let serial = 0;
const newChannel = () => admin.notificationChannels.create({ name: `channel ${++serial}`, url });

test('made, changed, tested, deleted; each of it stands in the audit log', async () => {
  const { id, secret, ...made } = await newChannel();
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(made).toMatchObject({
    kind: 'webhook',
    url,
    events: [],
    min_severity: 'info',
    enabled: true,
    pending: 0,
  });
  const changed = await admin.notificationChannels.change(id, {
    events: ['certificate.drift'],
    enabled: false,
  });
  expect(changed).toMatchObject({ events: ['certificate.drift'], enabled: false, name: made.name });
  const { delivery_id } = await admin.notificationChannels.test(id);
  const { items } = await admin.notificationChannels.deliveries(id, { state: 'pending' });
  expect(items).toMatchObject([{ id: delivery_id, type: 'test', attempts: 0 }]);
  await expect(admin.notificationChannels.get(id)).resolves.toMatchObject({ pending: 1 });
  await admin.notificationChannels.delete(id);
  await expect(admin.notificationChannels.deliveries(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(admin.notificationChannels.test(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const { rows } = await sql<{ action: string }>`SELECT action FROM viw.audit_log
    WHERE object_kind = 'notification_channel' AND object_id = ${id} ORDER BY id`.execute(around.owner);
  expect(rows.map(({ action }) => action.split('.')[1])).toEqual(['create', 'change', 'test', 'delete']);
});

test('an address that is a secret by itself is shown to those who may change it, and stands in no audit line', async () => {
  const capability = 'T0CAPABILITY';
  const secretUrl = (n: number) =>
    `https://hooks.example.org/services/${capability}/${n}?token=${capability}`;
  const { id } = await admin.notificationChannels.create({ name: 'capability', url: secretUrl(1) });
  const changed = await admin.notificationChannels.change(id, { url: secretUrl(2) });
  expect(changed.url).toBe(secretUrl(2));
  await expect(admin.notificationChannels.get(id)).resolves.toMatchObject({ url: secretUrl(2) });
  for (const role of ['viewer', 'operator', 'auditor'] as const) {
    const { notificationChannels: channels } = await backend.as(role);
    await expect(channels.get(id)).resolves.toMatchObject({ url: 'https://hooks.example.org' });
    const { items } = await channels.list();
    expect(JSON.stringify(items)).toContain(id);
    expect(JSON.stringify(items)).not.toContain(capability);
  }
  const { rows } = await sql<{ detail: object }>`SELECT detail FROM viw.audit_log
    WHERE object_kind = 'notification_channel' AND object_id = ${id} ORDER BY id`.execute(around.owner);
  expect(JSON.stringify(rows)).not.toContain(capability);
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect(rows).toMatchObject(
    [1, 2].map(() => ({ detail: { url_origin: 'https://hooks.example.org', url_sha256: digest } })),
  );
  expect(
    new Set(rows.map(({ detail }) => JSON.stringify(detail).match(/"url_sha256":"(\w+)"/)?.[1])).size,
  ).toBe(2);
  expect(backend.log.join('')).not.toContain(capability);
});

test.each([
  'http://hooks.example.org/',
  'https://ann:secret@hooks.example.org/',
  'https://hooks.example.org/#part',
  'javascript:alert(1)',
  'hooks.example.org',
])('%s is no address for notifications', async (bad) => {
  const refused = admin.notificationChannels.create({ name: 'bad', url: bad });
  await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

test('a name is used once, and there are fifty at most', async () => {
  const { name } = await newChannel();
  const again = admin.notificationChannels.create({ name, url });
  await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  const fill = sql`INSERT INTO viw.notification_channels (id, name, kind, url)
    SELECT gen_random_uuid(), 'filler ' || n, 'webhook', ${url} FROM generate_series(1, 60) AS n`;
  await fill.execute(around.owner);
  await expect(newChannel()).rejects.toMatchObject({ code: 'CONFLICT' });
  await sql`DELETE FROM viw.notification_channels WHERE name LIKE 'filler %'`.execute(around.owner);
});

test('a secret is shown once and stands nowhere in clear; the former one signs until its time is over', async () => {
  const idempotencyKey = 'make-it-once';
  const body = { name: 'secretive', url };
  const made = await admin.notificationChannels.create(body, { idempotencyKey });
  const repeated = admin.notificationChannels.create(body, { idempotencyKey });
  await expect(repeated).rejects.toMatchObject({ code: 'CONFLICT' });
  const rotated = await admin.notificationChannels.rotateSecret(made.id, 60);
  const again = await admin.notificationChannels.rotateSecret(made.id);
  const secretsOf = async () =>
    (
      await sql<{ retires: boolean }>`SELECT retires_at IS NOT NULL AS retires FROM viw.notification_secrets
        WHERE channel_id = ${made.id} ORDER BY id`.execute(around.owner)
    ).rows.map(({ retires }) => retires);
  await expect(secretsOf()).resolves.toEqual([true, false]);
  const shown = JSON.stringify([
    await admin.notificationChannels.get(made.id),
    await admin.notificationChannels.list(),
    await admin.notificationChannels.deliveries(made.id),
  ]);
  const tables = ['notification_channels', 'notification_secrets', 'idempotency_keys', 'audit_log', 'outbox'];
  for (const { secret } of [made, rotated, again]) {
    const canary = secret.slice('whsec_'.length);
    expect(shown + backend.log.join('')).not.toContain(canary);
    for (const table of tables) {
      const { rows } = await sql`SELECT 1 FROM ${sql.table(`viw.${table}`)} AS t
        WHERE position(${canary} in t::text) > 0`.execute(around.owner);
      expect([table, rows]).toEqual([table, []]);
    }
  }
  await eventually(() => expect(backend.log.length).toBeGreaterThan(0));
});
