import { randomUUID } from 'node:crypto';
import type { AlertsBody } from '@viw/contracts';
import { sql } from 'kysely';
import type { AlertTransition, RaisedOrCleared } from '../src/index';
import { AlertIntakeRepository, AlertRepository, AlertUpkeepRepository } from '../src/index';
import type { Fixture } from './fixture';
import { fixture, inSeconds, newAgent } from './fixture';

let f: Fixture;
let intake: AlertIntakeRepository;
let upkeep: AlertUpkeepRepository;
let alerts: AlertRepository;
beforeAll(async () => {
  f = await fixture();
  const notifier = await f.as('viw_notifier');
  intake = new AlertIntakeRepository({ db: notifier });
  upkeep = new AlertUpkeepRepository({ db: notifier });
  alerts = new AlertRepository({ db: await f.as('viw_backend') });
});
afterAll(() => f.close());

/** Word about a key, so many seconds from now. */
function word(key: string, action: AlertsBody['action'], seconds: number, more: Partial<AlertsBody> = {}) {
  const body = { severity: 'warning', title: `about ${key}`, ...more } as const;
  return { event_id: randomUUID(), body: { action, dedupe_key: key, at: inSeconds(seconds), ...body } };
}
const apply = (...entries: RaisedOrCleared[]): Promise<AlertTransition[]> => intake.apply(entries);
const changes = async (...entries: RaisedOrCleared[]) =>
  (await apply(...entries)).map(({ change }) => change);
const of = async (key: string) =>
  (await alerts.list({ limit: 200 })).items.filter(({ dedupe_key }) => dedupe_key === key);
const newKey = (kind = 'disk-full'): string => `${kind}:${newAgent()}`;

test('raised again it is the same alert with newer words; cleared and raised once more it is another one', async () => {
  const key = newKey();
  const more = { severity: 'critical', title: 'worse' } as const;
  await expect(
    changes(word(key, 'raised', -9), word(key, 'raised', -8), word(key, 'raised', -7, more)),
  ).resolves.toEqual(['raised', 'repeated', 'escalated']);
  await expect(of(key)).resolves.toMatchObject([
    { state: 'firing', times: 3, title: 'worse', severity: 'critical' },
  ]);
  await expect(changes(word(key, 'cleared', -6), word(key, 'cleared', -5))).resolves.toEqual(['resolved']);
  await expect(changes(word(key, 'raised', -4))).resolves.toEqual(['raised']);
  await expect(of(key)).resolves.toMatchObject([
    { state: 'firing', times: 1 },
    { state: 'resolved', resolution: 'cleared' },
  ]);
});

test('what comes again, or later than newer word, changes nothing', async () => {
  const key = newKey();
  const [raised, cleared] = [word(key, 'raised', -20), word(key, 'cleared', -10)];
  await apply(raised);
  await expect(changes(raised)).resolves.toEqual([]);
  await apply(cleared);
  await expect(changes(raised, cleared)).resolves.toEqual([]);
  await expect(of(key)).resolves.toMatchObject([{ state: 'resolved', times: 1 }]);
  // Cleared before it was heard to be raised.
  const other = newKey();
  await apply(word(other, 'cleared', -5));
  await expect(changes(word(other, 'raised', -6))).resolves.toEqual([]);
});

test('a writer whose clock is ahead does not keep others from clearing', async () => {
  const key = newKey();
  await apply(word(key, 'raised', 86_400));
  await expect(changes(word(key, 'cleared', 1))).resolves.toEqual(['resolved']);
});

test('ten at a time make one alert of it', async () => {
  const key = newKey();
  await Promise.all(Array.from({ length: 10 }, (_, n) => apply(word(key, 'raised', -n))));
  await expect(of(key)).resolves.toMatchObject([{ state: 'firing' }]);
});

test('acknowledged once, by name; worse than that it fires again', async () => {
  const key = newKey();
  await apply(word(key, 'raised', -9));
  const [{ id = '' } = {}] = await of(key);
  await expect(alerts.acknowledge(id, 'ann@example.org')).resolves.toBe(true);
  await expect(alerts.acknowledge(id, 'bob@example.org')).resolves.toBe(false);
  await apply(word(key, 'raised', -8));
  await expect(of(key)).resolves.toMatchObject([
    { state: 'acknowledged', acknowledged_by: 'ann@example.org' },
  ]);
  await apply(word(key, 'raised', -7, { severity: 'critical' }));
  await expect(of(key)).resolves.toMatchObject([{ state: 'firing', acknowledged_by: null }]);
  await apply(word(key, 'cleared', -6));
  await expect(alerts.acknowledge(id, 'ann@example.org')).resolves.toBe(false);
});

test('an alert about what is deleted or decommissioned is resolved, one about the whole is not', async () => {
  const [certificate, server, credential, host] = Array.from({ length: 4 }, () => randomUUID());
  const agent = newAgent();
  await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
    VALUES (${certificate}, '{a.example}', 'acme', 'http-01', 'ec-p256', 'test')`.execute(f.db);
  await sql`INSERT INTO viw.ssh_credentials (id, name, username, sealed) VALUES (${credential}, ${credential}, 'u', '{}')`.execute(
    f.db,
  );
  await sql`INSERT INTO viw.nginx_servers (id, name, host, ssh_port, ssh_credential_id, test_command, reload_command)
    VALUES (${server}, ${server}, 'localhost', 22, ${credential}, '[]', '[]')`.execute(f.db);
  await sql`INSERT INTO viw.virtual_hosts (id, server_id, server_names, cert_dir, listeners)
    VALUES (${host}, ${server}, '{a.example}', '/etc/nginx/certs', '[]')`.execute(f.db);
  await sql`INSERT INTO viw.os_gateways (agent_id, state) VALUES (${agent}, 'lost')`.execute(f.db);
  const keys = [
    `certificate-operation:${certificate}:renew`,
    `certificate-drift:${host}`,
    `virtual-host-snippet:${host}`,
    `gateway-lost:${agent}`,
    newKey(),
  ];
  await apply(...keys.map((key) => word(key, 'raised', -9)));
  const gone = async (): Promise<string[]> =>
    (await upkeep.resolveGone(10)).map(({ alert }) => alert.dedupe_key).sort();
  await expect(gone()).resolves.toEqual([]);
  await sql`UPDATE viw.certificates SET deleted_at = now() WHERE id = ${certificate}`.execute(f.db);
  await sql`DELETE FROM viw.virtual_hosts WHERE id = ${host}`.execute(f.db);
  await sql`UPDATE viw.os_gateways SET state = 'decommissioned' WHERE agent_id = ${agent}`.execute(f.db);
  await expect(gone()).resolves.toEqual(keys.slice(0, 4).sort());
  await expect(gone()).resolves.toEqual([]);
});

test('what is never cleared ends when it was seen and is quiet', async () => {
  const [seen, unseen] = [newKey('result-signature'), newKey('result-signature')];
  await apply(word(seen, 'raised', -9), word(unseen, 'raised', -9));
  const [{ id = '' } = {}] = await of(seen);
  await alerts.acknowledge(id, 'ann@example.org');
  await expect(upkeep.resolveQuiet(['result-signature'], 3_600, 10)).resolves.toEqual([]);
  const ended = await upkeep.resolveQuiet(['result-signature'], 0, 10);
  expect(ended.map(({ alert }) => [alert.dedupe_key, alert.resolution])).toEqual([[seen, 'quiet']]);
});

test('what is never cleared is cleared by no entry, kept from being heard by none, and made less of by none', async () => {
  const key = newKey('result-signature');
  await expect(changes(word(key, 'cleared', 0))).resolves.toEqual([]);
  await expect(changes(word(key, 'raised', -9, { severity: 'critical' }))).resolves.toEqual(['raised']);
  await expect(
    changes(word(key, 'cleared', -8), word(key, 'raised', -7, { severity: 'info' })),
  ).resolves.toEqual(['repeated']);
  await expect(of(key)).resolves.toMatchObject([{ state: 'firing', severity: 'critical', times: 2 }]);
  const [{ id = '' } = {}] = await of(key);
  await alerts.acknowledge(id, 'ann@example.org');
  await expect(changes(word(key, 'cleared', -6))).resolves.toEqual([]);
  await expect(of(key)).resolves.toMatchObject([{ state: 'acknowledged' }]);
});

test('resolved alerts and marks go after their time, open ones stay', async () => {
  const [open, old] = [newKey(), newKey()];
  await apply(word(open, 'raised', -9), word(old, 'raised', -9), word(old, 'cleared', -8));
  await sql`UPDATE viw.alerts SET resolved_at = now() - interval '91 days' WHERE dedupe_key = ${old}`.execute(
    f.db,
  );
  await upkeep.prune({ resolvedDays: 90, marksDays: 30, limit: 100 });
  await expect(of(old)).resolves.toEqual([]);
  await expect(of(open)).resolves.toHaveLength(1);
  await expect(alerts.evaluatedAt()).resolves.toBeNull();
  await upkeep.markEvaluated();
  await expect(alerts.evaluatedAt()).resolves.not.toBeNull();
});

test('a channel never begins after the moment in which it was made', async () => {
  const begun = await Promise.all(
    Array.from({ length: 30 }, () =>
      sql<{ early: boolean }>`
        INSERT INTO viw.notification_channels (id, kind, name, url)
        VALUES (${randomUUID()}, 'webhook', ${newAgent()}, 'https://example.org/')
        RETURNING created_at <= now() AS early`.execute(f.db),
    ),
  );
  expect(begun.flatMap(({ rows }) => rows.map(({ early }) => early))).toEqual(Array(30).fill(true));
});

test('filters and pages', async () => {
  const kind = newAgent();
  const keys = Array.from({ length: 5 }, (_, n) => `${kind}:${n}`);
  await apply(...keys.map((key, n) => word(key, 'raised', -9, { severity: n === 0 ? 'critical' : 'info' })));
  await apply(word(keys[1] ?? '', 'cleared', -1));
  const keysOf = async (filter: Parameters<AlertRepository['list']>[0]) =>
    (await alerts.list({ kind, ...filter })).items.map(({ dedupe_key }) => dedupe_key);
  await expect(keysOf({ state: 'open' })).resolves.toHaveLength(4);
  await expect(keysOf({ state: 'resolved' })).resolves.toEqual([keys[1]]);
  await expect(keysOf({ severity: 'critical' })).resolves.toEqual([keys[0]]);
  const first = await alerts.list({ kind, limit: 3, total: true });
  expect(first).toMatchObject({ total: 5 });
  await expect(keysOf({ limit: 3, cursor: first.next_cursor ?? '' })).resolves.toHaveLength(2);
});
