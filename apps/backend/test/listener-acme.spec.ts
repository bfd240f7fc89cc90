import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTcp, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import type { Pebble } from '@viw/testing';
import { eventually, startPebble } from '@viw/testing';
import { sql } from 'kysely';
import type { ListenerStage, ListeningBackend } from './listener-stage';
import { NAME, askOn, greet, listenerStage, readiness, servedSerial } from './listener-stage';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';

let around: Surroundings;
let stage: ListenerStage;
let pebble: Pebble;
let root: string;
let backends: ListeningBackend[] = [];

/** Told of a validation before it is let through. */
let onValidation: (to: ListeningBackend) => Promise<void> = async () => undefined;
const asked = ({ log }: ListeningBackend): number =>
  log.filter((line) => line.includes('listener_certificate_wanted')).length;
/** Port 443 of the world: what comes in goes to the backend that has NOT ordered. */
const balancer = createServer((socket: Socket) => {
  socket.on('error', () => socket.destroy());
  const [other] = backends.toSorted((a, b) => asked(a) - asked(b));
  if (other === undefined) return void socket.destroy();
  void onValidation(other).then(() => {
    const onward = connectTcp(other.port, '127.0.0.1');
    pipeline(socket, onward, socket, () => undefined);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => balancer.listen(0, '127.0.0.1', resolve));
  const tlsPort = (balancer.address() as AddressInfo).port;
  [around, pebble] = await Promise.all([surroundings(), startPebble({ tlsPort, strict: true })]);
  stage = listenerStage(around);
  root = await pebble.rootPem();
});
afterAll(async () => {
  await stage?.stopAll();
  await Promise.all([around?.close(), pebble?.stop()]);
  balancer.close();
});

const start = () =>
  stage.start({
    BACKEND_TLS_MODE: 'acme',
    BACKEND_TLS_NAMES: NAME,
    BACKEND_TLS_ACME_DIRECTORY_URL: pebble.directoryUrl,
    BACKEND_TLS_ACME_CA: pebble.caCertPem,
    BACKEND_TLS_ACME_CONTACT: 'mailto:ops@viw.example',
  });
const accounts = async () =>
  (
    await sql<{ account_url: string }>`SELECT account_url FROM viw.listener_acme_accounts`.execute(
      around.owner,
    )
  ).rows;

it('starts while the CA is away and says so; nobody gets a connection, and nobody insists', async () => {
  await pebble.kill();
  backends = await Promise.all([start(), start()]);
  for (const { ops } of backends)
    await eventually(async () =>
      expect(await readiness(ops)).toMatchObject({
        ok: false,
        reason: expect.stringMatching(/no certificate yet: the CA does not answer/) as string,
      }),
    );
  const { failures, fencing, next_attempt_at } = await stage.stored();
  expect([failures, fencing]).toEqual([1, 1]);
  expect(Date.parse(next_attempt_at ?? '') - Date.now()).toBeGreaterThan(30_000);
  await expect(greet(backends[0]?.port ?? 0, root)).rejects.toBeDefined();
});

it('gets a certificate that the CA has validated here, whichever backend it reaches; one backend orders', async () => {
  await pebble.restart();
  root = await pebble.rootPem();
  const reached: string[] = [];
  onValidation = async ({ port }) => void reached.push(await servedSerial(port, root).catch(() => 'nothing'));
  await stage.makeDue();
  for (const { port, ops } of backends) {
    await eventually(async () => expect((await readiness(ops)).ok).toBe(true));
    const { leaf, socket } = await greet(port, root);
    socket.destroy();
    expect(leaf.subjectAltName).toBe(`DNS:${NAME}`);
  }
  expect(await stage.stored()).toMatchObject({
    version: 1,
    failures: 0,
    failure: null,
    fencing: 2,
    answers: {},
  });
  // The one that was reached had not ordered, and to anybody else it served nothing meanwhile.
  expect(reached).toContain('nothing');
  const rows = await sql`SELECT * FROM viw.listener_certificates, viw.listener_acme_accounts`.execute(
    around.owner,
  );
  expect(JSON.stringify(rows) + backends.flatMap(({ log }) => log).join('')).not.toContain('PRIVATE KEY');
});

it('renews with the same account, serves the former one to everybody meanwhile, and drops no connection', async () => {
  const [one] = backends as [ListeningBackend];
  const { leaf, socket } = await greet(one.port, root);
  const account = await accounts();
  const meanwhile: string[] = [];
  onValidation = async ({ port }) => void meanwhile.push(await servedSerial(port, root));
  await stage.makeDue();
  for (const { port } of backends)
    await eventually(async () => expect(await servedSerial(port, root)).not.toBe(leaf.serialNumber));
  expect(new Set(meanwhile)).toEqual(new Set([leaf.serialNumber]));
  expect(await askOn(socket)).toContain('200 OK');
  socket.destroy();
  expect(await accounts()).toEqual(account);
  expect((await stage.stored()).version).toBe(2);
});

it('another backend goes on with the order of one that has lost its claim, and that one brings nothing', async () => {
  const ordersAtCa = () => (pebble.program.output().match(/orders in the db/g) ?? []).length;
  const before = ordersAtCa();
  let taken = false;
  onValidation = async () => {
    if (taken) return;
    taken = true;
    await sql`UPDATE viw.listener_certificates SET lease_until = NULL`.execute(around.owner);
  };
  const { fencing } = await stage.stored();
  await stage.makeDue();
  await eventually(async () => expect((await stage.stored()).version).toBe(3));
  await eventually(() =>
    expect(backends.flatMap(({ log }) => log).join('')).toContain('listener_certificate_claim_lost'),
  );
  expect(await stage.stored()).toMatchObject({ version: 3, failures: 0, fencing: fencing + 2, answers: {} });
  expect(ordersAtCa()).toBe(before + 1);
});

it('serves the stored certificate from the start while the CA is away, and says what is wrong', async () => {
  await pebble.kill();
  await stage.makeDue();
  const late = await start();
  const { version } = await stage.stored();
  await eventually(async () =>
    expect(await readiness(late.ops)).toMatchObject({
      ok: true,
      reason: expect.stringMatching(/^until .*; not renewed: the CA does not answer/) as string,
    }),
  );
  const serial = await servedSerial(late.port, root);
  for (const { port } of backends)
    await eventually(async () => expect(await servedSerial(port, root)).toBe(serial));
  expect(await stage.stored()).toMatchObject({ version, failures: 1 });
});

it('a stranger who asks as a CA would gets no handshake', async () => {
  const { port } = backends[0] as ListeningBackend;
  for (const servername of [NAME, 'other.viw.example', ''])
    await expect(greet(port, root, { servername, ALPNProtocols: ['acme-tls/1'] })).rejects.toBeDefined();
  // Beside another protocol it is an ordinary client.
  expect(await servedSerial(port, root, { ALPNProtocols: ['http/1.1', 'acme-tls/1'] })).toMatch(
    /^[0-9A-F]+$/,
  );
});
