import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { generateSshKeyPair } from '@viw/testing';
import { hostKeyFingerprint, SshPool, type SshConnectOptions } from '@viw/ssh-deploy';
import { Server, utils, type Connection } from 'ssh2';
import { startSshdStage, type SshdStage } from './sshd-stage';

/** A jump host that signs everybody in and answers about channels as the test says. */
let jumpHost: Server;
let login: SshConnectOptions;
let inner: SshdStage;
const asked: string[] = [];
const clients: Connection[] = [];
let silent: (to: string) => boolean;
let pool: SshPool;

beforeAll(async () => {
  inner = await startSshdStage();
  const hostKey = (await generateSshKeyPair()).privateKey;
  jumpHost = new Server({ hostKeys: [hostKey] }, (client) => {
    clients.push(client);
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => attempt.accept());
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const to = `${destIP}:${destPort}`;
      asked.push(to);
      if (silent(to)) return;
      if (destPort !== inner.login.port) return reject();
      const stream = accept();
      const socket = connect(destPort, destIP);
      socket.on('error', () => stream.destroy());
      stream.on('error', () => undefined).on('close', () => socket.destroy());
      stream.pipe(socket).pipe(stream);
    });
  });
  jumpHost.listen(0, '127.0.0.1');
  await once(jumpHost, 'listening');
  const key = utils.parseKey(hostKey);
  if (key instanceof Error) throw key;
  login = {
    host: '127.0.0.1',
    port: (jumpHost.address() as AddressInfo).port,
    username: 'viw',
    password: 'accepted',
    hostKeyFingerprint: hostKeyFingerprint(key.getPublicSSH()),
  };
});
afterAll(async () => {
  jumpHost.close();
  await inner.sshd.stop();
});
beforeEach(() => {
  asked.length = 0;
  silent = () => false;
  pool = new SshPool({ backoff: { baseMs: 1, capMs: 5 }, wayTimeoutMs: 30_000 });
});
afterEach(async () => {
  await pool.stop();
  for (const client of clients.splice(0)) client.end();
});

/** Time enough for a server that answers. */
const behind = (more: Partial<SshConnectOptions> = {}): SshConnectOptions => ({
  ...inner.login,
  connectTimeoutMs: 20_000,
  jump: login,
  ...more,
});
const connectTimeoutMs = 300;
const attempt = (to: SshConnectOptions): Promise<unknown> =>
  pool.use(to, async (server) => (await server.connect()).isAlive).catch((error: unknown) => error);

it('one that answers about no channel costs one piece of work its time, and nobody after it any', async () => {
  silent = () => true;
  expect(await attempt(behind({ connectTimeoutMs }))).toMatchObject({
    code: 'SSH_FAILED',
    meta: { reason: 'timeout' },
  });
  // One try and one question whether it answers at all, and not as many as there are attempts.
  expect(asked).toEqual([`127.0.0.1:${inner.login.port}`, '127.0.0.1:1']);
  const others = [behind(), behind({ host: '127.0.0.2' }), behind({ username: 'somebody' })];
  for (const other of others)
    expect(await attempt(other)).toMatchObject({
      retryable: true,
      meta: { reason: 'timeout', retry_after_s: expect.any(Number) as number },
    });
  // Not asked again, hence not waited for.
  expect(asked).toHaveLength(2);
});

it('a server behind it that swallows everything closes the way to no other one', async () => {
  silent = (to) => to.startsWith('127.0.0.9:');
  await pool.stop();
  pool = new SshPool({ attempts: 1, wayTimeoutMs: 30_000 });
  // The jump host has as long to say that it answers at all.
  const lost = attempt(behind({ host: '127.0.0.9', connectTimeoutMs: 1_500 }));
  expect(await attempt(behind())).toBe(true);
  expect(await lost).toMatchObject({ code: 'SSH_FAILED', meta: { reason: 'timeout' } });
  expect(await attempt(behind())).toBe(true);
});

it('all attempts together have one limit', async () => {
  silent = (to) => to.startsWith('127.0.0.9:');
  await pool.stop();
  pool = new SshPool({ attempts: 1_000, backoff: { baseMs: 1, capMs: 5 }, wayTimeoutMs: 700 });
  const begin = performance.now();
  expect(await attempt(behind({ host: '127.0.0.9', connectTimeoutMs }))).toMatchObject({
    meta: { reason: 'timeout' },
  });
  // A thousand attempts of 300 ms would take five minutes.
  expect(performance.now() - begin).toBeLessThan(30_000);
});
