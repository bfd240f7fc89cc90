import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, generateSshKeyPair, startProgram, startSshd, type Sshd } from '@viw/testing';
import { hostKeyFingerprint, SshPool, type SshConnectOptions } from '@viw/ssh-deploy';
import { Server, utils } from 'ssh2';

let folder: string;
let pool: SshPool;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viw-sign-in-'));
});
beforeEach(() => (pool = new SshPool({ attempts: 1, idleMs: 30 })));
afterEach(() => pool.stop());
afterAll(() => rm(folder, { recursive: true }));

const loginOf = (sshd: Sshd, proof: Partial<SshConnectOptions>): SshConnectOptions => ({
  host: sshd.host,
  port: sshd.port,
  username: sshd.user,
  hostKeyFingerprint: sshd.hostKeyFingerprint,
  ...proof,
});
const signsIn = (login: SshConnectOptions): Promise<string> =>
  pool.use(login, async (server) => (await (await server.connect()).exec(['echo', 'in'])).stdout);

it('by a key with a passphrase; a wrong passphrase is told before anything is sent', async () => {
  const key = await generateSshKeyPair({ passphrase: 'long words' });
  const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
  const { privateKey } = key;
  try {
    await expect(signsIn(loginOf(sshd, { privateKey, passphrase: 'long words' }))).resolves.toBe('in\n');
    await expect(signsIn(loginOf(sshd, { privateKey, passphrase: 'others' }))).rejects.toMatchObject({
      code: 'SSH_FAILED',
      meta: { reason: 'credential' },
    });
  } finally {
    await sshd.stop();
  }
});

it('by an SSH agent, whose keys stay with it', async () => {
  const key = await generateSshKeyPair();
  const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
  const agentSocket = join(folder, 'agent');
  const agent = await startProgram({
    name: 'ssh-agent',
    argv: ['/usr/bin/ssh-agent', '-D', '-a', agentSocket],
  });
  const keyFile = join(folder, 'agent-key');
  await writeFile(keyFile, key.privateKey, { mode: 0o600 });
  try {
    const added = async (): Promise<void> => {
      const add = await startProgram({
        name: 'ssh-add',
        argv: ['/usr/bin/ssh-add', '-q', keyFile],
        env: { SSH_AUTH_SOCK: agentSocket },
      });
      expect((await add.exited).code).toBe(0);
    };
    await eventually(added, { everyMs: 25 });
    await rm(keyFile);
    await expect(signsIn(loginOf(sshd, { agentSocket }))).resolves.toBe('in\n');
  } finally {
    await agent.stop();
    await sshd.stop();
  }
});

it('by a password, to a server that takes one', async () => {
  const hostKey = utils.generateKeyPairSync('ed25519');
  const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (attempt) =>
      attempt.method === 'password' && attempt.password === 'pass words'
        ? attempt.accept()
        : attempt.reject(['password']),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const blob = Buffer.from(hostKey.public.split(' ')[1] ?? '', 'base64');
  const login = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    username: 'deploy',
    hostKeyFingerprint: hostKeyFingerprint(blob),
  };
  const connects = (password: string): Promise<boolean> =>
    pool.use({ ...login, password }, async (one) => (await one.connect()).isAlive);
  try {
    await expect(connects('pass words')).resolves.toBe(true);
    const refused = await connects('other words').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SSH_FAILED', meta: { reason: 'authentication' } });
    expect(JSON.stringify(refused) + String(refused)).not.toContain('other words');
  } finally {
    await pool.stop();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

describe('through a jump host', () => {
  let jump: Sshd;
  let inner: Sshd;
  let key: Awaited<ReturnType<typeof generateSshKeyPair>>;
  beforeAll(async () => {
    key = await generateSshKeyPair();
    jump = await startSshd({ authorizedKeys: [key.publicKey] });
    inner = await startSshd({ authorizedKeys: [key.publicKey] });
  });
  afterAll(() => Promise.all([jump.stop(), inner.stop()]));
  const through = (more: Partial<SshConnectOptions> = {}): SshConnectOptions => ({
    ...loginOf(inner, { privateKey: key.privateKey }),
    jump: { ...loginOf(jump, { privateKey: key.privateKey }), ...more },
  });

  it('one connection to it serves all behind it, and stays open as long as one of them is in use', async () => {
    const accepted = (sshd: Sshd): number => sshd.program.output().split('Accepted publickey').length - 1;
    const before = accepted(jump);
    await pool.use(through(), async (server) => {
      const connection = await server.connect();
      // Longer than an idle connection lives.
      await expect(connection.exec(['sleep', '0.2'])).resolves.toMatchObject({ rc: 0 });
      await expect(signsIn(through())).resolves.toBe('in\n');
    });
    expect(accepted(jump)).toBe(before + 1);
  });

  it('the host key of each is pinned by itself', async () => {
    const stranger = `SHA256:${'A'.repeat(43)}`;
    await expect(signsIn(through({ hostKeyFingerprint: stranger }))).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
    });
    await expect(signsIn({ ...through(), hostKeyFingerprint: stranger })).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      meta: { offered: inner.hostKeyFingerprint },
    });
  });

  it('a server that the jump host cannot reach is told as such', async () => {
    const port = await freePort();
    await expect(signsIn({ ...through(), port })).rejects.toMatchObject({
      code: 'SSH_FAILED',
      retryable: true,
      message: `${jump.host}:${jump.port} cannot reach 127.0.0.1:${port}`,
      meta: { reason: 'forwarding' },
    });
  });
});
