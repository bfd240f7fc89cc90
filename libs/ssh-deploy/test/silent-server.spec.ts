import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { eventually, generateSshKeyPair } from '@viw/testing';
import { hostKeyFingerprint, SshConnection, servedCertificate } from '@viw/ssh-deploy';
import { Server, utils, type Connection, type Session, type SFTPWrapper } from 'ssh2';

/** A server that signs everybody in; what it does about channels is up to the test. */
let server: Server;
let client: Connection;
let hostKey: string;
let onSession: ((accept: () => Session) => void) | undefined;
let onForwarding: ((accept: () => Duplex) => void) | undefined;
let connection: SshConnection;

beforeAll(async () => {
  hostKey = (await generateSshKeyPair()).privateKey;
  server = new Server({ hostKeys: [hostKey] }, (accepted) => {
    client = accepted;
    accepted.on('error', () => undefined);
    accepted.on('authentication', (attempt) => attempt.accept());
    accepted.on('session', (accept) => onSession?.(accept));
    accepted.on('tcpip', (accept) => onForwarding?.(accept));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());
beforeEach(() => (onSession = onForwarding = undefined));
afterEach(() => connection.close());

async function connected(operationTimeoutMs: number): Promise<SshConnection> {
  const key = utils.parseKey(hostKey);
  if (key instanceof Error) throw key;
  return (connection = await SshConnection.connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    username: 'viw',
    password: 'accepted',
    hostKeyFingerprint: hostKeyFingerprint(key.getPublicSSH()),
    operationTimeoutMs,
  }));
}

const timedOut = { code: 'SSH_FAILED', retryable: true, meta: { reason: 'timeout' } };
const wasLost = { code: 'SSH_FAILED', retryable: true, meta: { reason: 'connection' } };

it('gives up every kind of channel that the server never answers about', async () => {
  await connected(200);
  await Promise.all([
    expect(connection.sftp()).rejects.toMatchObject(timedOut),
    expect(connection.forwardOut('127.0.0.1', 443)).rejects.toMatchObject(timedOut),
    expect(connection.exec(['true'])).rejects.toMatchObject(timedOut),
  ]);
  expect(connection.isAlive).toBe(true);
});

it('gives up a look after its own time, not after that of an operation', async () => {
  await connected(60_000);
  const listener = { host: '127.0.0.1', port: 443, servername: 'a.example' };
  const { error } = await servedCertificate(connection, listener);
  expect(error).toMatch(/^no answer about 127\.0\.0\.1:443 from .* within 5000 ms$/);
});

it('gives up at once when the connection is lost meanwhile', async () => {
  await connected(60_000);
  const waiting = [connection.sftp(), connection.forwardOut('127.0.0.1', 443)];
  client.end();
  for (const one of waiting) await expect(one).rejects.toMatchObject(wasLost);
  await expect(connection.sftp()).rejects.toMatchObject(wasLost);
});

it('destroys a channel that comes too late, and asks for SFTP anew', async () => {
  await connected(1_000);
  let late: (() => Duplex) | undefined;
  onForwarding = (accept) => (late = accept);
  await Promise.all([
    expect(connection.forwardOut('127.0.0.1', 443)).rejects.toMatchObject(timedOut),
    expect(connection.sftp()).rejects.toMatchObject(timedOut),
  ]);
  const stream = late?.().resume();
  if (!stream) throw new Error('nothing was asked for');
  await once(stream, 'close');

  onSession = (accept) =>
    accept().on('sftp', (acceptSftp) => {
      const sftp: SFTPWrapper = acceptSftp();
      sftp.on('LSTAT', (id) => sftp.status(id, utils.sftp.STATUS_CODE.NO_SUCH_FILE));
    });
  const files = await eventually(() => connection.sftp());
  expect(await files.kind('/etc/viw')).toBeUndefined();
});

it('ends a listing without an end, with the connection that it comes over', async () => {
  await connected(1_500);
  let entries = 0;
  onSession = (accept) =>
    accept().on('sftp', (acceptSftp) => {
      const sftp: SFTPWrapper = acceptSftp();
      sftp.on('OPENDIR', (id) => sftp.handle(id, Buffer.from('d')));
      sftp.on('READDIR', (id) =>
        sftp.name(id, [{ filename: `${++entries}`, longname: '', attrs: {} as never }]),
      );
    });
  const files = await eventually(() => connection.sftp());
  await expect(files.list('/etc/viw')).rejects.toMatchObject(timedOut);
  expect(entries).toBeGreaterThan(1);
  expect(connection.isAlive).toBe(false);
});
