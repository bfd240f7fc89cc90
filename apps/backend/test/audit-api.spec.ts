import type { Client } from '@viw/client';
import { createLogger } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { configSource } from '../src/config';
import { verifyAudit } from '../src/verify-audit';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backends: TestBackend[];
let admin: Client;
let auditor: Client;

beforeAll(async () => {
  around = await surroundings();
  backends = [await startBackend(around), await startBackend(around)];
  admin = await first().as('admin');
  auditor = await first().as('auditor');
}, 60_000);

afterAll(async () => {
  await Promise.all((backends ?? []).map((backend) => backend.stop()));
  await around?.close();
});

const first = (): TestBackend => {
  const [backend] = backends;
  if (!backend) throw new Error('not started');
  return backend;
};

const command = async (): Promise<[number, string]> => {
  const text: string[] = [];
  const config = configSource.schema.parse(around.environment);
  const logger = createLogger({ service: 'backend', level: 'silent' });
  return [await verifyAudit(config, { logger, out: (part) => void text.push(part) }), text.join('')];
};

it('what several backends write at once stands in one chain within moments', async () => {
  const second = backends[1]?.url ?? '';
  const key = await first().key('admin');
  const register = async (url: string) => {
    const { status } = await fetch(`${url}/admin/api/gateways/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ agent_id: uniqueAgent() }),
    });
    expect(status).toBe(201);
  };
  // A backend that stood still may have had no connection to Postgres in time, and says 503.
  await Promise.all(
    Array.from({ length: 60 }, (_, i) => eventually(() => register(i % 2 === 0 ? first().url : second))),
  );
  await eventually(async () => {
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM viw.audit_unsealed`.execute(
      around.owner,
    );
    expect(rows).toEqual([{ n: 0 }]);
  });
  // Something else may be written between the two.
  await eventually(async () => {
    const verification = await auditor.audit.verify();
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM viw.audit_log`.execute(around.owner);
    expect(verification).toMatchObject({ ok: true, entries: rows[0]?.n });
  });
});

it('lists who did what, filtered, with the place in the chain', async () => {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  const { items } = await eventually(async () => {
    const page = await auditor.audit.list({ object_kind: 'gateway', object_id: id });
    expect(page.items[0]?.seq).toEqual(expect.any(Number));
    return page;
  });
  expect(items).toMatchObject([{ action: 'gateway.register', actor_kind: 'api_client', outcome: 'success' }]);
  const { seq, hash } = items[0] ?? {};
  await expect(auditor.audit.verify({ seq: seq ?? 0, hash: hash ?? '' })).resolves.toMatchObject({
    ok: true,
    known_place: 'found',
  });
  await expect(auditor.audit.verify({ seq: seq ?? 0, hash: '0'.repeat(64) })).resolves.toMatchObject({
    ok: false,
    findings: [{ kind: 'known_place_differs', seq }],
  });
  await expect(auditor.audit.list({ from: '2100-01-01T00:00:00Z' })).resolves.toMatchObject({ items: [] });
});

it('records the sign-in of people, also the failed one, and never a password', async () => {
  const response = await fetch(`${first().url}/admin/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: first().admin.email, password: 'planted-wrong-password' }),
  });
  expect(response.status).toBe(401);
  const { items } = await auditor.audit.list({ action: 'session.create' });
  expect(items.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['failure', 'success']));
  const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM viw.audit_log a
    WHERE position('planted-wrong-password' in a::text) > 0 OR position(${first().admin.password} in a::text) > 0`.execute(
    around.owner,
  );
  expect(rows).toEqual([{ n: 0 }]);
});

it('other systems report; what looks secret is removed, and nothing passes for an action of viw', async () => {
  const operator = await first().as('operator');
  await operator.audit.report({
    timestamp: '2026-11-28T08:00:00Z',
    action: 'session.create',
    dataType: 'patient',
    userId: 'user-1',
    certificateUsed: 'CN=client-1',
    additionalData: { rows: 3, password: 'planted-canary' },
  });
  const { items } = await auditor.audit.recent({ hours: 1, user_id: 'user-1' });
  expect(items).toMatchObject([
    { action: 'reported.session.create', object_id: 'user-1', actor_kind: 'api_client' },
  ]);
  expect(items[0]?.detail).toMatchObject({ data_type: 'patient', additional_data: { rows: 3 } });
  expect(JSON.stringify(items)).not.toContain('planted-canary');
});

it.each(['jsonl', 'csv'] as const)('is taken away as %s, all of it, which is recorded', async (format) => {
  const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM viw.audit_log`.execute(around.owner);
  const response = await auditor.audit.export(format);
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="viw-audit.${format}"`);
  const lines = (await response.text()).trimEnd().split('\n');
  // With its own line; CSV has a head.
  expect(lines).toHaveLength((rows[0]?.n ?? 0) + (format === 'csv' ? 2 : 1));
  expect(lines.at(-1)).toContain('audit.export');
});

it('the command says the same as the API, and finds a changed line', async () => {
  const [fine, text] = await command();
  expect(fine).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ ok: true });
  await sql`UPDATE viw.audit_log SET actor_name = 'somebody else' WHERE id = (
    SELECT entry_id FROM viw.audit_chain WHERE seq = 2)`.execute(around.owner);
  const [found, told] = await command();
  expect(found).toBe(1);
  const expected = { ok: false, findings: [{ kind: 'entry_changed', seq: 2 }] };
  expect(JSON.parse(told)).toMatchObject(expected);
  await expect(auditor.audit.verify()).resolves.toMatchObject(expected);
});
