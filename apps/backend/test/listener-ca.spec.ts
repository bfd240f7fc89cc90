import { randomBytes } from 'node:crypto';
import { ListenerCertificateRepository } from '@viw/database';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { ListenerStage, ListeningBackend } from './listener-stage';
import { NAME, askOn, greet, listenerStage, readiness, servedSerial } from './listener-stage';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';

let around: Surroundings;
let stage: ListenerStage;
const environment = { BACKEND_TLS_MODE: 'ca', BACKEND_TLS_NAMES: `${NAME}, 127.0.0.1` };

let one: ListeningBackend;
let two: ListeningBackend;
let root: string;

beforeAll(async () => {
  around = await surroundings();
  stage = listenerStage(around);
  [one, two] = await Promise.all([stage.start(environment), stage.start(environment)]);
  for (const { ops } of [one, two])
    await eventually(async () => expect((await readiness(ops)).ok).toBe(true));
  root = await rootPem();
});
afterAll(async () => {
  await stage?.stopAll();
  await around?.close();
});

const rootPem = async (): Promise<string> => {
  const { rows } = await sql<{ pem: string }>`
    SELECT pem FROM viw.certificate_authorities WHERE purpose = 'root'`.execute(around.owner);
  return rows[0]?.pem ?? '';
};
const DAY_MS = 86_400_000;

it('serves by viw’s own authority, the same certificate in every backend, issued once', async () => {
  const { leaf, socket } = await greet(one.port, root);
  socket.destroy();
  expect(await servedSerial(two.port, root, { servername: '' })).toBe(leaf.serialNumber);
  expect(leaf.subjectAltName).toBe(`DNS:${NAME}, IP Address:127.0.0.1`);
  expect((Date.parse(leaf.validTo) - Date.now()) / DAY_MS).toBeCloseTo(90, 1);
  const { version, fencing, renew_at } = await stage.stored();
  expect([version, fencing]).toEqual([1, 1]);
  expect((Date.parse(renew_at) - Date.now()) / DAY_MS).toBeCloseTo(60, 1);
  const lines = await sql`SELECT actor_kind, object_kind, outcome FROM viw.audit_log
    WHERE action = 'listener_certificate.issue'`.execute(around.owner);
  expect(lines.rows).toEqual([
    { actor_kind: 'system', object_kind: 'listener_certificate', outcome: 'success' },
  ]);
  const { rows } = await sql`SELECT * FROM viw.listener_certificates`.execute(around.owner);
  expect(JSON.stringify(rows) + one.log.join('') + two.log.join('')).not.toContain('PRIVATE KEY');
  const metrics = await (await fetch(`${one.ops}/internal/metrics`)).text();
  const left = Number(/viw_backend_listener_certificate_seconds_left{[^}]*} (\d+)/.exec(metrics)?.[1]);
  expect((left * 1_000) / DAY_MS).toBeCloseTo(90, 1);
});

it('renews by itself in time: one backend does, both serve it, and an open connection stays', async () => {
  const { leaf, socket } = await greet(one.port, root);
  const before = await stage.stored();
  await stage.makeDue();
  for (const { port } of [one, two])
    await eventually(async () => expect(await servedSerial(port, root)).not.toBe(leaf.serialNumber));
  expect(await servedSerial(one.port, root)).toBe(await servedSerial(two.port, root));
  const after = await stage.stored();
  expect([after.version, after.fencing]).toEqual([before.version + 1, before.fencing + 1]);
  expect(await askOn(socket)).toContain('200 OK');
  socket.destroy();
});

it('takes the work over from a backend that died at it, and what that one brings late is not taken', async () => {
  const { version, fencing } = await stage.stored();
  // As the dead one has left it.
  await sql`UPDATE viw.listener_certificates SET renew_at = now(), fencing = fencing + 1,
    lease_until = now() + interval '1 second'`.execute(around.owner);
  await eventually(async () => expect((await stage.stored()).version).toBe(version + 1));
  expect((await stage.stored()).fencing).toBe(fencing + 2);
  const [{ id } = { id: '' }] = await around.owner.selectFrom('listener_certificates').select('id').execute();
  const certificates = new ListenerCertificateRepository({ db: around.owner });
  const late = { pem: 'late', sealed: {}, notAfter: new Date(), renewAt: new Date() };
  expect(await certificates.save(id, fencing + 1, late)).toBe(false);
  expect(await certificates.fail(id, fencing + 1, { code: 'x', detail: 'late' }, new Date())).toBe(false);
  expect(await certificates.renewLease(id, fencing + 2, 30)).toBe(false);
  expect(await stage.stored()).toMatchObject({ version: version + 1, failures: 0 });
});

it('says what keeps it from serving, waits longer each time, and seals anew under the present key', async () => {
  const stranger = JSON.stringify({ id: 'stranger', key: randomBytes(32).toString('base64') });
  const names = { ...environment, BACKEND_TLS_NAMES: 'other.viw.example' };
  await stage.stopAll();
  await sql`DELETE FROM viw.listener_certificates`.execute(around.owner);
  const begun = Date.now();
  const locked = await stage.start({ ...names, BACKEND_ENCRYPTION_KEY: stranger });
  await eventually(async () => expect((await stage.stored()).failures).toBe(1));
  const { failure, next_attempt_at } = await stage.stored();
  expect(failure).toMatchObject({
    code: 'INTERNAL_ERROR',
    detail: expect.stringMatching(/cannot be opened/) as string,
  });
  expect(Date.parse(next_attempt_at ?? '') - begun).toBeGreaterThan(50_000);
  await eventually(async () =>
    expect(await readiness(locked.ops)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/cannot be opened/) as string,
    }),
  );
  await expect(greet(locked.port, root)).rejects.toBeDefined();
  await stage.stopAll();

  await stage.makeDue();
  const present = { id: 'present', key: randomBytes(32).toString('base64') };
  const former = JSON.parse(around.environment['BACKEND_ENCRYPTION_KEY'] ?? '') as object;
  const first = await stage.start(names);
  await eventually(async () => expect((await readiness(first.ops)).ok).toBe(true));
  await stage.stopAll();
  await stage.start({ ...names, BACKEND_ENCRYPTION_KEY: JSON.stringify([present, former]) });
  await eventually(async () => {
    const { rows } = await sql<{ kek: string }>`
      SELECT sealed ->> 'kek' AS kek FROM viw.listener_certificates`.execute(around.owner);
    expect(rows).toEqual([{ kek: 'present' }]);
  });
  const lost = await stage.start({ ...names, BACKEND_ENCRYPTION_KEY: stranger });
  await eventually(async () =>
    expect(await readiness(lost.ops)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/no certificate yet: secret .* cannot be opened/) as string,
    }),
  );
});
