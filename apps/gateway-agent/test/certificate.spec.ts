import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renewRequest } from '@viw/contracts';
import type { RenewRequest } from '@viw/contracts';
import { issueClient, makeRequest, makeRoot, openAuthority, readRequest } from '@viw/pki';
import type { Authority } from '@viw/pki';
import { loadConfig, systemClock } from '@viw/runtime';
import { configSource, isComplete } from '../src/config';
import { clientCertificateOf } from '../src/connection/identity-files';
import { BackendClient } from '../src/enrollment/backend-client';
import { identityPath, nextKeyPath, readIdentity, writeIdentity } from '../src/enrollment/identity-file';
import { keyOfPem, makeKeyPem } from '../src/enrollment/own-key';
import { renewKey } from '../src/enrollment/renew-key';
import { scratch } from './scratch';

const DAY_MS = 86_400_000;
const madeAt = '2026-01-01T00:00:00.000Z';
let authority: Authority;
let chain: string;
let dir: string;
let server: Server;
let asked: RenewRequest[];
/** What the backend makes of a request for a certificate. */
let certify: (csr: string | undefined) => Promise<object | 'nothing'>;

async function issued(csr: string | undefined, now = Date.now()): Promise<{ pem: string; chain: string[] }> {
  const options = { commonName: 'gw-1', organization: 'test', uri: 'urn:viw:gateway:gw-1', days: 30, now };
  const { pem } = await issueClient(options, await readRequest(csr ?? ''), authority);
  return { pem, chain: [chain] };
}

beforeAll(async () => {
  const root = await makeRoot({ commonName: 'test', organization: 'test', now: Date.now() - 100 * DAY_MS });
  authority = await openAuthority(root.pem, root.privateKey);
  chain = root.pem;
});

beforeEach(async () => {
  dir = await scratch('certificate');
  asked = [];
  certify = async (csr) => ({ certificate: await issued(csr) });
  server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = renewRequest.parse(JSON.parse(Buffer.concat(chunks).toString()));
      asked.push(body);
      const more = await certify(body.csr);
      if (more === 'nothing') return void request.socket.destroy();
      response.writeHead(200).end(JSON.stringify({ agent_id: 'gw-1', former_until: null, ...more }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const renew = (what: 'key' | 'certificate') =>
  renewKey(dir, { client: new BackendClient({ url: url() }), clock: systemClock }, { what });

/** With a certificate that was issued so many days ago; none without. */
async function enrolled(days?: number): Promise<void> {
  const private_key = makeKeyPem();
  const key = keyOfPem(private_key);
  if (key === undefined) throw new Error('no key');
  const certificate =
    days === undefined ? undefined : await issued(makeRequest(key), Date.now() - days * DAY_MS);
  await writeIdentity(dir, {
    agent_id: 'gw-1',
    private_key,
    key_made_at: madeAt,
    ...(certificate && { certificate }),
    enrolled_at: madeAt,
    backend_url: url(),
    backend_pins: [],
    hub_urls: ['wss://hub.example.org'],
    hub_pins: [],
    command_keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'k', x: 'A'.repeat(43) }] },
  });
}

function shown() {
  const flags = {
    GATEWAY_AGENT_ID: 'gw-1',
    GATEWAY_AGENT_HUB_URL: 'wss://hub.example.org',
    GATEWAY_AGENT_STATE_DIR: dir,
    GATEWAY_AGENT_KEY_FILE: identityPath(dir),
  };
  const config = loadConfig({ ...configSource, env: flags, argv: [], configDir: '/nonexistent' }).value;
  if (!isComplete(config)) throw new Error('incomplete');
  return clientCertificateOf(config)?.();
}

it('the certificate is renewed for the key that there is, which stays as old as it is', async () => {
  await enrolled(21);
  const before = readIdentity(dir);
  await renew('certificate');
  const after = readIdentity(dir);
  expect(after?.certificate?.pem).not.toBe(before?.certificate?.pem);
  expect(after).toEqual({ ...before, certificate: after?.certificate });
  expect((await stat(identityPath(dir))).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['identity.json']);
});

it('a new key gets a certificate of its own, and none when none is issued', async () => {
  await enrolled(1);
  await renew('key');
  const { certificate, private_key: pem = '' } = readIdentity(dir) ?? {};
  const key = keyOfPem(pem);
  expect(key && new X509Certificate(certificate?.pem ?? '').checkPrivateKey(key)).toBe(true);
  certify = async () => ({});
  await renew('key');
  expect(readIdentity(dir)?.private_key).not.toBe(pem);
  expect(readIdentity(dir)?.certificate).toBeUndefined();
});

it('a key that may be in force already is offered again before the certificate of the present one is renewed', async () => {
  await enrolled(21);
  const certifies = certify;
  certify = async () => 'nothing';
  await expect(renew('key')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await readdir(dir)).toContain(nextKeyPath(dir).split('/').at(-1));
  certify = certifies;
  await renew('certificate');
  expect(asked[1]?.next).toEqual(asked[0]?.next);
  expect(readIdentity(dir)?.key_made_at).not.toBe(madeAt);
});

it('does not put back the key that was renewed while it asked', async () => {
  await enrolled(21);
  const certifies = certify;
  certify = async (csr) => {
    certify = certifies;
    await renew('key');
    return certifies(csr);
  };
  const before = readIdentity(dir)?.private_key;
  await renew('certificate');
  expect(readIdentity(dir)?.private_key).not.toBe(before);
});

it('is shown with its chain, and not once it has expired', async () => {
  await enrolled(29);
  const { certificate, private_key: key } = readIdentity(dir) ?? {};
  expect(shown()).toEqual({ cert: `${certificate?.pem}${chain}`, key });
  await enrolled(31);
  expect(shown()).toBeUndefined();
  await enrolled();
  expect(shown()).toBeUndefined();
});

it('asks for none where the host has one from elsewhere', async () => {
  await enrolled();
  const client = new BackendClient({ url: url() });
  certify = async () => ({});
  await renewKey(dir, { client, clock: systemClock }, { asksForCertificate: false });
  expect(asked.map(({ csr }) => csr)).toEqual([undefined]);
});

it('a certificate for another key is not taken for one', async () => {
  await enrolled(21);
  const before = readIdentity(dir);
  const stranger = makeRequest(generateKeyPairSync('ed25519').privateKey);
  certify = async () => ({ certificate: await issued(stranger) });
  await renew('certificate');
  expect(readIdentity(dir)).toEqual(before);
  await renew('key');
  expect(readIdentity(dir)?.certificate).toBeUndefined();
});
