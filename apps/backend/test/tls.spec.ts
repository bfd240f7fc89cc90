import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { Client } from '@viw/client';
import { createLogger } from '@viw/runtime';
import { eventually, runTool, selfSign } from '@viw/testing';
import { PlainHttpConsent } from '../src/http/plain-http-consent';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let plain: TestBackend;
let admin: Client;
let dir: string;
const started: TestBackend[] = [];
const file = (name: string): string => join(dir, name);
const files = (name: string) => ({ certFile: file(`${name}.pem`), keyFile: file(`${name}.key`) });

async function authority(name: string): Promise<void> {
  await runTool('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-out', file(`${name}.pem`), '-keyout', file(`${name}.key`)],
  ]);
}
async function client(name: string, issuer: string): Promise<string> {
  await runTool('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`), '-subj', `/CN=${name}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=clientAuth'],
    ...['-out', file(`${name}.pem`), '-keyout', file(`${name}.key`)],
  ]);
  const { raw } = new X509Certificate(await readFile(file(`${name}.pem`)));
  return createHash('sha256').update(raw).digest('hex');
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-tls-'));
  around = await surroundings();
  plain = await startBackend(around);
  admin = await plain.signIn();
  await selfSign({ names: ['localhost', '127.0.0.1'], ...files('one') });
  await selfSign({ names: ['localhost', '127.0.0.1'], ...files('two') });
  await Promise.all([authority('ca'), authority('stranger')]);
}, 60_000);

afterEach(() => Promise.all(started.splice(0).map((each) => each.stop())));
afterAll(async () => {
  await plain?.stop();
  await around?.close();
  await rm(dir, { recursive: true, force: true });
});

async function overTls(environment: Readonly<Record<string, string>> = {}): Promise<number> {
  for (const part of ['pem', 'key'])
    await writeFile(file(`in-use.${part}`), await readFile(file(`one.${part}`)));
  const backend = await startBackend(around, {
    environment: {
      BACKEND_TLS_MODE: 'custom',
      BACKEND_TLS_CERT_FILE: file('in-use.pem'),
      BACKEND_TLS_KEY_FILE: file('in-use.key'),
      ...environment,
    },
  });
  started.push(backend);
  return Number(new URL(backend.url).port);
}

/** Resolves with what was agreed on, rejects when there is no handshake. */
const handshake = (port: number, options: ConnectionOptions) =>
  new Promise<{ protocol: string | null; cipher: string; fingerprint: string }>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve({
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().standardName,
        fingerprint: socket.getPeerCertificate().fingerprint256,
      });
      socket.destroy();
    });
    socket.once('error', reject);
  });

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}
const call = (port: number, path: string, options: RequestOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { port, host: '127.0.0.1', path, agent: false, rejectUnauthorized: false, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => {
          const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    sent.once('error', reject).end();
  });
const holding = async (name: string): Promise<RequestOptions> => ({
  cert: await readFile(file(`${name}.pem`)),
  key: await readFile(file(`${name}.key`)),
});

describe('plain HTTP', () => {
  const logged: string[] = [];
  const logger = createLogger(
    { service: 'b' },
    { destination: { write: (line: string) => void logged.push(line) } },
  );
  const consent = (host: string, force: boolean) => async () =>
    new PlainHttpConsent({ bind: { host, port: 0 }, force }, { logger }).start();

  it('is for loopback, unless forced, which is said loudly', async () => {
    await expect(consent('127.0.0.1', false)()).resolves.toBeUndefined();
    await expect(consent('0.0.0.0', false)()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(logged).toEqual([]);
    await consent('0.0.0.0', true)();
    expect(logged.join('')).toMatch(/"level":"warn".*tls_insecure/);
  });
});

describe('TLS with own files', () => {
  it('speaks 1.3 and 1.2 with AEAD and forward secrecy, nothing older or weaker, and says to stay with it', async () => {
    const port = await overTls({ BACKEND_COOKIE_SECURE: 'true' });
    expect((await handshake(port, {})).protocol).toBe('TLSv1.3');
    const older = await handshake(port, { maxVersion: 'TLSv1.2' });
    expect(older).toMatchObject({
      protocol: 'TLSv1.2',
      cipher: expect.stringMatching(/^TLS_ECDHE_.*(GCM|POLY1305)/) as string,
    });
    const weak: ConnectionOptions[] = [
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA' },
      { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' },
    ];
    for (const options of weak) await expect(handshake(port, options)).rejects.toBeDefined();
    const { status, headers } = await call(port, '/agent/_health');
    expect([status, headers['strict-transport-security']]).toEqual([
      200,
      expect.stringMatching(/^max-age=\d{8}/),
    ]);
  });

  it('takes new files for new connections, drops no open one, and keeps the former when they do not fit', async () => {
    const port = await overTls();
    const { fingerprint } = await handshake(port, {});
    const open = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise<void>((resolve) => open.once('secureConnect', () => resolve()));
    await writeFile(file('in-use.pem'), await readFile(file('two.pem')));
    // Only the certificate was replaced so far: it does not fit the key.
    await eventually(() => expect(started[0]?.log.join('')).toContain('tls_files_refused'));
    expect((await handshake(port, {})).fingerprint).toBe(fingerprint);
    await writeFile(file('in-use.key'), await readFile(file('two.key')));
    await eventually(async () => expect((await handshake(port, {})).fingerprint).not.toBe(fingerprint));
    const answered = new Promise<string>((resolve) => open.once('data', (data) => resolve(String(data))));
    open.write('GET /agent/_health HTTP/1.1\r\nHost: test\r\n\r\n');
    expect(await answered).toContain('200 OK');
    open.destroy();
  });
});

describe('client certificates', () => {
  it('are known as an API client, when a trusted issuer has signed them and an administrator has named them', async () => {
    const port = await overTls({ BACKEND_TLS_CLIENT_CA_FILE: file('ca.pem') });
    const { id } = await admin.apiClients.create({ name: 'by certificate', role: 'admin' });
    const [sha256, stranger] = [await client('known', 'ca'), await client('forged', 'stranger')];
    await client('nobody', 'ca');
    await admin.apiClients.addCertificate(id, sha256);
    // An issuer that is not trusted, although an administrator has named the certificate.
    await admin.apiClients.addCertificate(id, stranger);
    expect(await call(port, '/admin/api/me', await holding('known'))).toMatchObject({
      status: 200,
      body: { kind: 'api_client', id, role: 'admin' },
    });
    for (const name of ['nobody', 'forged'])
      expect([name, (await call(port, '/admin/api/me', await holding(name))).status]).toEqual([name, 401]);
    expect((await call(port, '/admin/api/me')).status).toBe(401);

    const write = { method: 'DELETE', ...(await holding('known')) };
    expect((await call(port, '/admin/api/gateways/gw-none', write)).status).toBe(404);
    // What a page on another site could have a browser do, which would send the certificate by itself.
    const page = { ...write, headers: { origin: 'https://evil.example.org' } };
    expect((await call(port, '/admin/api/gateways/gw-none', page)).status).toBe(403);

    await admin.apiClients.removeCertificate(id, sha256);
    await eventually(async () =>
      expect((await call(port, '/admin/api/me', await holding('known'))).status).toBe(401),
    );
  });

  it('may be required of everybody', async () => {
    const port = await overTls({
      BACKEND_TLS_CLIENT_CA_FILE: file('ca.pem'),
      BACKEND_TLS_CLIENT_REQUIRED: 'true',
    });
    await client('any', 'ca');
    await client('other', 'stranger');
    expect((await call(port, '/agent/_health', await holding('any'))).status).toBe(200);
    await expect(call(port, '/agent/_health')).rejects.toBeDefined();
    await expect(call(port, '/agent/_health', await holding('other'))).rejects.toBeDefined();
  });
});
