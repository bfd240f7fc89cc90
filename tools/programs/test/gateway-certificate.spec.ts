import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Client } from '@viw/client';
import { agentSessionsStream } from '@viw/contracts';
import { systemClock } from '@viw/runtime';
import { decodeEntry } from '@viw/streams';
import { eventually, freePort, requireProgram, selfSign, startProgram } from '@viw/testing';
import { upgrade } from '../../../apps/agent-bridge/test/test-agent';
import { type TestHub, startHubOnly } from '../../../apps/agent-bridge/test/test-hub';
import { type Surroundings, surroundings } from '../../../apps/backend/test/surroundings';
import { type TestBackend, startBackend, uniqueAgent } from '../../../apps/backend/test/test-backend';
import { BackendClient } from '../../../apps/gateway-agent/src/enrollment/backend-client';
import { readIdentity } from '../../../apps/gateway-agent/src/enrollment/identity-file';
import { renewKey } from '../../../apps/gateway-agent/src/enrollment/renew-key';
import { openssl } from '../../../libs/pki/test/openssl';
import { TestHost } from './gateway-host';

/** A backend and a hub that ends TLS as they are built, an agent as it is shipped. The hub's only trust anchor is viw's own authority. */
let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let hub: TestHub;
let dir: string;
let port: number;
let bundles: Awaited<ReturnType<typeof TestHost.bundle>>;
let host: TestHost;

const file = (name: string): string => join(dir, name);

const startHub = (): Promise<TestHub> =>
  startHubOnly(around.redis.url, {
    AGENT_BRIDGE_BIND: `127.0.0.1:${port}`,
    AGENT_BRIDGE_HUB_ID: 'hub-tls',
    AGENT_BRIDGE_ED25519: 'true',
    AGENT_BRIDGE_TLS_CERT_FILE: file('hub.pem'),
    AGENT_BRIDGE_TLS_KEY_FILE: file('hub.key'),
    AGENT_BRIDGE_CA_BUNDLE: file('agents-ca.pem'),
  });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-cert-'));
  [around, bundles, port] = await Promise.all([surroundings(), TestHost.bundle(), freePort()]);
  backend = await startBackend(around, {
    environment: { BACKEND_AGENT_HUB_URLS: `wss://127.0.0.1:${port}` },
  });
  admin = await backend.signIn();
  await selfSign({ names: ['127.0.0.1'], certFile: file('hub.pem'), keyFile: file('hub.key') });
  const issuer = await eventually(async () => {
    const { authorities } = await admin.certificateAuthorities.list();
    const found = authorities.find(({ purpose }) => purpose === 'gateway-agents');
    if (found === undefined) throw new Error('no authority yet');
    return found;
  });
  const bundle = await fetch(backend.url + issuer.certificate_path);
  await writeFile(file('agents-ca.pem'), await bundle.text());
  hub = await startHub();
}, 180_000);

afterAll(async () => {
  await hub?.stop();
  await backend?.stop();
  await around?.close();
  await rm(dir, { recursive: true });
  if (bundles !== undefined) await rm(dirname(bundles['gateway-agent']), { recursive: true });
});

beforeEach(async () => {
  host = await TestHost.make(bundles);
});
afterEach(() => host.end());

const trustsHub = (): Record<string, string> => ({ GATEWAY_AGENT_CA_FILE: file('hub.pem') });

async function enrolled(): Promise<string> {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  const { token } = await admin.gateways.issueEnrollmentToken(id);
  await writeFile(host.path('token'), token, { mode: 0o600 });
  const done = await host.agentCommand(
    ['enroll', `--url=${backend.url}`, `--token-file=${host.path('token')}`, '--no-helper'],
    trustsHub(),
  );
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toMatch(/certificate {2}until 20/);
  return id;
}

/** What hubs have said of this gateway's sessions, oldest first. */
async function sessionsOf(id: string) {
  const entries = await around.client.xrange(agentSessionsStream.stream, '-', '+');
  return entries
    .map(([, fields]) => decodeEntry(agentSessionsStream, fields).body)
    .filter((body) => 'agent_id' in body && body.agent_id === id);
}

/** A connection may break on a busy machine: so often at least. */
const connected = (id: string, times: number) =>
  eventually(
    async () => {
      const all = (await sessionsOf(id)).filter(({ kind }) => kind === 'connected');
      expect(all.length).toBeGreaterThanOrEqual(times);
      return all.at(-1);
    },
    { timeoutMs: 60_000 },
  );

/** As the hub knows it, and says when what stands in Redis is not older for a moment. */
const registryVersion = (): Promise<number> =>
  eventually(async () => {
    const text = await (await fetch(`${hub.opsUrl}/internal/readyz`)).text();
    const [, version] = /version (\d+),/.exec(text) ?? [];
    if (version === undefined) throw new Error(text);
    return Number(version);
  });

const certificate = (): X509Certificate =>
  new X509Certificate(readIdentity(host.path('agent'))?.certificate?.pem ?? '');

it('enrolled, it shows its certificate to a hub that trusts viw’s authority; revoked, it is off within 5 s', async () => {
  const id = await enrolled();
  expect(certificate().subjectAltName).toBe(`URI:urn:viw:gateway:${id}`);
  const agent = await host.startAgent(trustsHub());
  expect(await connected(id, 1)).toMatchObject({ way: 'mtls' });

  const from = performance.now();
  await admin.gateways.revokeCredentials(id);
  await eventually(async () => {
    expect((await sessionsOf(id)).map(({ kind }) => kind)).toContain('disconnected');
  });
  // Less than a heartbeat: it was told, and not found out. The rest is for a machine that stands still.
  expect(performance.now() - from).toBeLessThan(20_000);
  await eventually(() => expect(agent.output()).toContain('"close_code":4401'));
  const { certificate: shown, private_key: key } = readIdentity(host.path('agent')) ?? {};
  const tls = { ca: await readFile(file('hub.pem'), 'utf8'), cert: shown?.pem ?? '', key: key ?? '' };
  expect(await upgrade(port, {}, '/agent/ws', 'GET', { tls })).toMatchObject({
    status: 403,
    body: { error: { code: 'REVOKED' } },
  });
  expect((await sessionsOf(id)).filter(({ kind }) => kind === 'connected')).toHaveLength(1);
  expect(agent.output()).not.toContain('PRIVATE KEY');
}, 180_000);

it('renews certificate and key without losing its session; the next connection may show the new ones or those before', async () => {
  const id = await enrolled();
  const [identity, first] = [await readFile(host.path('agent/identity.json')), certificate()];
  await host.startAgent(trustsHub());
  await connected(id, 1);
  const version = await registryVersion();
  const client = new BackendClient({ url: backend.url });
  await renewKey(host.path('agent'), { client, clock: systemClock }, { what: 'certificate' });
  // For a quarter of an hour the answer is the same, for who has not heard the first.
  expect(certificate().fingerprint256).toBe(first.fingerprint256);
  expect(await host.agentCommand(['renew'], trustsHub())).toMatchObject({ code: 0, stderr: '' });
  const second = certificate();
  expect(second.publicKey.equals(first.publicKey)).toBe(false);
  await eventually(async () => expect(await registryVersion()).toBeGreaterThan(version));
  expect((await sessionsOf(id)).map(({ kind }) => kind)).toEqual(['connected']);

  await hub.stop();
  hub = await startHub();
  expect(await connected(id, 2)).toMatchObject({ way: 'mtls' });
  // As if the answer had got lost: the overlap is a day.
  await writeFile(host.path('agent/identity.json'), identity, { mode: 0o600 });
  await hub.stop();
  hub = await startHub();
  expect(await connected(id, 3)).toMatchObject({ way: 'mtls' });
  expect(hub.log.join('')).not.toContain(id);
}, 180_000);

it('a hub that trusts another authority does not lock it out: the key alone opens the gateway', async () => {
  const id = await enrolled();
  const anchor = await readFile(file('agents-ca.pem'));
  await hub.stop();
  await writeFile(file('agents-ca.pem'), await readFile(file('hub.pem')));
  hub = await startHub();
  await host.startAgent(trustsHub());
  expect(await connected(id, 1)).toMatchObject({ way: 'ed25519' });
  expect(hub.log.join('')).toContain('the client certificate is not trusted');
  await hub.stop();
  await writeFile(file('agents-ca.pem'), anchor);
  hub = await startHub();
}, 180_000);

it('an NGINX that checks the revocation lists passes it on to a hub', async () => {
  const [id, edgePort, all] = await Promise.all([
    enrolled(),
    freePort(),
    admin.certificateAuthorities.list().then(({ authorities }) => authorities),
  ]);
  const lists = await Promise.all(
    all.map(async ({ revocation_list_path: path, id: name }) => {
      const der = Buffer.from(await (await fetch(backend.url + path)).arrayBuffer());
      await writeFile(file(name), der);
      return (await openssl('crl', '-inform', 'DER', '-in', file(name))).output;
    }),
  );
  await writeFile(file('lists.pem'), lists.join(''));
  const behind = await startHubOnly(around.redis.url, {
    AGENT_BRIDGE_ED25519: 'true',
    AGENT_BRIDGE_MTLS_EDGE: 'true',
    AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.0/8',
    AGENT_BRIDGE_CA_BUNDLE: file('agents-ca.pem'),
  });
  await writeFile(file('nginx.conf'), edgeConfig(edgePort, behind.port));
  const nginx = await startProgram({
    name: 'nginx',
    argv: [requireProgram('nginx'), '-e', file('error.log'), '-c', file('nginx.conf')],
    readyWhen: { port: edgePort },
  });
  await host.startAgent({ ...trustsHub(), GATEWAY_AGENT_HUB_URL: `wss://127.0.0.1:${edgePort}` });
  expect(await connected(id, 1)).toMatchObject({ way: 'mtls-edge' });
  await nginx.stop();
  await behind.stop();
}, 180_000);

it('before, in and after the rotation of root and authority it is let in by its certificate', async () => {
  const id = await enrolled();
  const before = certificate();
  const letIn = async (): Promise<void> => {
    const ways: unknown[] = [];
    // An agent that a slow hub did not answer leaves its certificate out for a while.
    for (let round = 0; round < 3 && ways.at(-1) !== 'mtls'; round++) {
      const before = (await sessionsOf(id)).filter(({ kind }) => kind === 'connected').length;
      const agent = await host.startAgent(trustsHub());
      const session = await connected(id, before + 1);
      ways.push(session !== undefined && 'way' in session ? session.way : undefined);
      await agent.stop();
    }
    expect(ways.at(-1)).toBe('mtls');
  };
  await letIn();
  const former: string[] = [];
  for (const purpose of ['root', 'gateway-agents'] as const) {
    const { authorities } = await admin.certificateAuthorities.list();
    former.unshift(authorities.find((each) => each.purpose === purpose)?.id ?? '');
    await admin.certificateAuthorities.rotate(former[0] ?? '', { announce_s: 0 });
  }
  // It has not renewed yet; then it has, and the hub's anchors are still those of before.
  await letIn();
  expect(await host.agentCommand(['renew'], trustsHub())).toMatchObject({ code: 0, stderr: '' });
  expect(certificate().issuer).not.toBe(before.issuer);
  await letIn();
  for (const each of former) await admin.certificateAuthorities.end(each, { force: true });
  const bundle = await (await fetch(`${backend.url}/pki/trust/gateway-agents.pem`)).text();
  expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  await writeFile(file('agents-ca.pem'), bundle);
  await hub.stop();
  hub = await startHub();
  await letIn();
}, 180_000);

const edgeConfig = (port: number, hubPort: number): string => `
daemon off; worker_processes 1; pid ${file('nginx.pid')}; error_log ${file('error.log')};
events { worker_connections 64; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${file(name)};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${file('hub.pem')};
    ssl_certificate_key ${file('hub.key')};
    ssl_client_certificate ${file('agents-ca.pem')};
    ssl_crl ${file('lists.pem')};
    ssl_verify_client on;
    ssl_verify_depth 2;
    location / {
      proxy_pass http://127.0.0.1:${hubPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
      proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
    }
  }
}
`;
