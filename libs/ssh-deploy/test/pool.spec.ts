import { createServer } from 'node:net';
import { eventually, freePort, generateSshKeyPair, type Sshd } from '@viw/testing';
import { SshPool, type SshConnectOptions } from '@viw/ssh-deploy';
import { startSshdStage } from './sshd-stage';

const FAST = { backoff: { baseMs: 1, capMs: 20 }, breaker: { coolDownMs: 300 } };

let sshd: Sshd;
let login: SshConnectOptions;
let pool: SshPool;
beforeAll(async () => {
  ({ sshd, login } = await startSshdStage());
});
beforeEach(() => (pool = new SshPool(FAST)));
afterEach(() => pool.stop());
afterAll(() => sshd.stop());

/** Seconds, of a refusal without an attempt. */
const leftAloneFor = (error: unknown): number | undefined =>
  (error as { meta?: { retry_after_s?: number } }).meta?.retry_after_s;
const accepted = (): number => sshd.program.output().split('Accepted publickey').length - 1;

it('signs in once for sixty pieces of work, with no more of them at once than a connection has channels', async () => {
  const before = accepted();
  let running = 0;
  let most = 0;
  const work = Array.from({ length: 60 }, (_, index) =>
    pool.use(login, async (server) => {
      most = Math.max(most, ++running);
      const { stdout } = await (await server.connect()).exec(['echo', String(index)]);
      running -= 1;
      return stdout;
    }),
  );
  expect(await Promise.all(work)).toEqual(Array.from({ length: 60 }, (_, index) => `${index}\n`));
  expect(most).toBe(6);
  expect(accepted()).toBe(before + 1);
});

it('connects anew after the connection was lost, also within one piece of work', async () => {
  await pool.use(login, async (server) => {
    const first = await server.connect();
    await sshd.restart();
    const second = await server.connect();
    expect(second).not.toBe(first);
    await expect(second.exec(['true'])).resolves.toMatchObject({ rc: 0 });
  });
});

it('tries again what may pass: a server that is about to start', async () => {
  await sshd.kill();
  const patient = new SshPool({ attempts: 10_000, backoff: { baseMs: 50, capMs: 100 } });
  const work = patient.use(login, async (server) => (await server.connect()).exec(['true']));
  await sshd.restart();
  await expect(work).resolves.toMatchObject({ rc: 0 });
  await patient.stop();
});

it('leaves a server alone that keeps failing, and asks again once it has cooled down', async () => {
  const port = await freePort();
  const [cautious, quick] = [300_000, 50].map(
    (coolDownMs) => new SshPool({ attempts: 1, breaker: { coolDownMs } }),
  ) as [SshPool, SshPool];
  const connect = (by: SshPool): Promise<unknown> =>
    by.use({ ...login, port }, (server) => server.connect()).catch((error: unknown) => error);
  for (let failure = 0; failure < 3; failure++)
    expect(await connect(cautious)).toMatchObject({ code: 'SSH_FAILED', meta: { reason: 'unreachable' } });
  await eventually(async () => expect(leftAloneFor(await connect(quick))).toBeDefined());
  // It is there by now; nobody asks it.
  let asked = 0;
  const late = createServer((socket) => {
    asked++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => late.listen(port, '127.0.0.1', resolve));
  try {
    const refused = await connect(cautious);
    expect(refused).toMatchObject({ code: 'SSH_FAILED', retryable: true });
    expect(leftAloneFor(refused)).toBeGreaterThan(200);
    expect(leftAloneFor(refused)).toBeLessThanOrEqual(300);
    expect(String(refused)).toContain('no further attempt is made');
    expect(asked).toBe(0);
    await eventually(async () => {
      await connect(quick);
      expect(asked).toBe(1);
    });
  } finally {
    late.close();
    await Promise.all([cautious.stop(), quick.stop()]);
  }
});

it('leaves a server alone at once where a sign-in is refused; another credential is not held up', async () => {
  const stranger = await generateSshKeyPair();
  const refused = { ...login, privateKey: stranger.privateKey };
  await pool.stop();
  pool = new SshPool({ ...FAST, breaker: { coolDownMs: 300_000 } });
  const attempts = (): number => sshd.program.output().split('Connection from').length;
  await expect(pool.use(refused, (server) => server.connect())).rejects.toMatchObject({
    meta: { reason: 'authentication' },
  });
  const before = attempts();
  const again: unknown = await pool
    .use(refused, (server) => server.connect())
    .catch((error: unknown) => error);
  expect(again).toMatchObject({ code: 'SSH_FAILED', meta: { reason: 'authentication' } });
  expect(leftAloneFor(again)).toBeGreaterThan(200);
  expect(leftAloneFor(again)).toBeLessThanOrEqual(300);
  expect(attempts()).toBe(before);
  await expect(pool.use(login, async (server) => (await server.connect()).isAlive)).resolves.toBe(true);
});

it('closes a connection that nobody uses', async () => {
  const impatient = new SshPool({ ...FAST, idleMs: 20 });
  const connection = await impatient.use(login, (server) => server.connect());
  while (connection.isAlive) await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(impatient.use(login, async (server) => (await server.connect()).isAlive)).resolves.toBe(true);
  await impatient.stop();
});
