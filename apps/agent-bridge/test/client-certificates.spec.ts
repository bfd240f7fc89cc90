import { generateKeyPairSync } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { signKeyHandshake } from '@viw/agent-auth';
import type { Ed25519PublicKey } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, freePort, requireProgram, startProgram, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dialWith, signed, uniqueAgent, upgrade } from './test-agent';
import type { ClientTls } from './test-agent';
import { TestCa } from './test-ca';
import type { Issued } from './test-ca';
import { startHub } from './test-hub';
import type { TestHub } from './test-hub';
import { TestRegistry, active, unknownAgent } from './test-registry';
import { connect } from './test-streams';

let server: RedisServer;
let redis: Redis;
let registry: TestRegistry;
let ca: TestCa;
let foreign: TestCa;
let dir: string;

beforeAll(async () => {
  server = await startRedis();
  redis = await connect(server.url);
  registry = new TestRegistry(redis);
  [ca, foreign] = [await TestCa.create(), await TestCa.create()];
  dir = await mkdtemp(join(tmpdir(), 'viw-mtls-'));
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await Promise.all([ca.remove(), foreign.remove(), rm(dir, { recursive: true })]);
});

const known = (hub: TestHub): Promise<void> =>
  eventually(async () =>
    expect(await (await fetch(`${hub.opsUrl}/internal/readyz`)).text()).toContain(
      `version ${registry.version},`,
    ),
  );

/** A gateway with a certificate whose SHA-256 is registered for it. */
async function pinned(hub: TestHub, state: 'active' | 'revoked' | 'decommissioned' = 'active') {
  const id = uniqueAgent();
  const leaf = await ca.issue({ subject: `/CN=${id}` });
  await registry.gateway({ ...active(id, { certificate_sha256: leaf.sha256 }), state });
  await known(hub);
  return { id, leaf };
}

describe('mtls-edge', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await startHub(server.url, {
      AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.0/8',
      AGENT_BRIDGE_MTLS_EDGE: 'true',
      AGENT_BRIDGE_ED25519: 'true',
      AGENT_BRIDGE_CA_BUNDLE: ca.certFile,
      AGENT_BRIDGE_CLIENT_DN_POLICY: 'CN={agent_id},O=Viworks',
    });
  });
  afterAll(() => hub.stop());

  const edge = ({ cert }: Pick<Issued, 'cert'>, more: Record<string, string> = {}) => ({
    'X-SSL-Client-Verify': 'SUCCESS',
    'X-SSL-Client-Cert': encodeURIComponent(cert),
    'X-Forwarded-For': '203.0.113.9',
    ...more,
  });
  const answer = async (headers: Record<string, string>, at = hub): Promise<string> => {
    const { status, body } = await upgrade(at.port, headers);
    return `${status} ${body.error?.code}`;
  };

  it('a registered certificate opens its gateway; no other header is needed', async () => {
    const { id, leaf } = await pinned(hub);
    const agent = await dialWith(hub.url, id, edge(leaf));
    expect(await agent.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    await registry.gateway(active(id, { certificate_sha256: 'a'.repeat(64) }));
    expect(await agent.closed).toBe(4401);
    expect(await answer(edge(leaf))).not.toBe('503 BUSY');
  });

  it('a certificate that names its gateway by subject and alternative name opens it, unless one is registered', async () => {
    for (const names of [(id: string) => `DNS:${id}`, (id: string) => `URI:urn:viw:gateway:${id}`]) {
      const id = uniqueAgent();
      const leaf = await ca.issue({ subject: `/CN=${id}/O=Viworks`, names: names(id) });
      await (await dialWith(hub.url, id, edge(leaf))).close();
      await registry.gateway(active(id, { certificate_sha256: 'b'.repeat(64) }));
      await known(hub);
      expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
    }
  });

  it('revoked, then back with a new key: the certificate that names it opens it no longer, beside the key it does no harm', async () => {
    const id = uniqueAgent();
    const leaf = await ca.issue({ subject: `/CN=${id}/O=Viworks`, names: `DNS:${id}` });
    const stolen = await dialWith(hub.url, id, edge(leaf));
    await registry.gateway({ agent_id: id, state: 'revoked' });
    expect(await stolen.closed).toBe(4401);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signing_key = publicKey.export({ format: 'jwk' }) as Ed25519PublicKey;
    await registry.gateway(active(id, { signing_key }));
    await known(hub);
    expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
    const byKey = () => signKeyHandshake({ privateKey, agentId: id, path: '/agent/ws', now: Date.now() });
    await (await dialWith(hub.url, id, byKey())).close();
    const both = await dialWith(hub.url, id, { ...edge(leaf), ...byKey() });
    expect(await both.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    // Each of them is looked at again when the registry changes: here only the certificate is left.
    await registry.gateway(active(id, { certificate_sha256: leaf.sha256 }));
    await known(hub);
    expect(both.isClosed).toBe(false);
    await registry.gateway(active(id, { certificate_sha256: 'c'.repeat(64) }));
    expect(await both.closed).toBe(4401);
  });

  it.each([
    ['no alternative name', (id: string) => ({ subject: `/CN=${id}/O=Viworks` })],
    ['another alternative name', (id: string) => ({ subject: `/CN=${id}/O=Viworks`, names: 'DNS:gw-other' })],
    ['another organisation', (id: string) => ({ subject: `/CN=${id}/O=Other`, names: `DNS:${id}` })],
    ['two common names', (id: string) => ({ subject: `/CN=gw-x/CN=${id}/O=Viworks`, names: `DNS:${id}` })],
    [
      'an alternative name that pretends to be several',
      (id: string) => ({ subject: `/CN=${id}/O=Viworks`, names: `URI.1=x, DNS:${id}, y` }),
    ],
  ])('a certificate with %s names no gateway', async (_, order) => {
    const leaf = await ca.issue(order(uniqueAgent()));
    expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
  });

  it.each([
    ['of another issuer', () => foreign, {}],
    ['that has expired', () => ca, { days: -1 }],
    ['for servers', () => ca, { usage: 'serverAuth' }],
  ] as const)('a certificate %s is refused, even a registered one', async (_, issuer, order) => {
    const id = uniqueAgent();
    const leaf = await issuer().issue({ subject: `/CN=${id}`, ...order });
    await registry.gateway(active(id, { certificate_sha256: leaf.sha256 }));
    await known(hub);
    expect(await answer(edge(leaf))).toBe('401 BAD_SIGNATURE');
  });

  it('one that names a gateway which nobody has registered opens nothing', async () => {
    const id = unknownAgent();
    const leaf = await ca.issue({ subject: `/CN=${id}/O=Viworks`, names: `DNS:${id}` });
    expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
  });

  it('tells a revoked and a decommissioned gateway why', async () => {
    expect(await answer(edge((await pinned(hub, 'revoked')).leaf))).toBe('403 REVOKED');
    expect(await answer(edge((await pinned(hub, 'decommissioned')).leaf))).toBe('403 DECOMMISSIONED');
  });

  it('what the edge did not verify, and what is no certificate, is refused', async () => {
    const { id, leaf } = await pinned(hub);
    expect(await answer(edge(leaf, { 'X-SSL-Client-Verify': 'FAILED:certificate has expired' }))).toBe(
      '401 BAD_SIGNATURE',
    );
    for (const cert of [
      '',
      '%',
      'not a certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    ])
      expect(
        await answer({ 'X-SSL-Client-Verify': 'SUCCESS', 'X-SSL-Client-Cert': cert.replaceAll('\n', '%0A') }),
      ).toBe('400 BAD_REQUEST');
    expect(await answer({ 'X-SSL-Client-Verify': 'SUCCESS' })).toBe('400 BAD_REQUEST');
    expect(await answer(edge(leaf, { 'X-Agent-Id': uniqueAgent() }))).toBe('403 NOT_ALLOWED');
    // NONE: no certificate was shown; then another way decides.
    const other = uniqueAgent();
    await (await dialWith(hub.url, other, { ...signed(other), 'X-SSL-Client-Verify': 'NONE' })).close();
    expect(await answer({ ...signed(id), 'X-SSL-Client-Verify': 'NONE' })).toBe('403 NOT_ALLOWED');
  });

  it('every proof that is offered must hold, for the same gateway', async () => {
    const { id, leaf } = await pinned(hub);
    await (await dialWith(hub.url, id, { ...edge(leaf), ...signed(id) })).close();
    expect(await answer({ ...edge(leaf), ...signed(id, { secret: 'another secret of no hub' }) })).toBe(
      '401 BAD_SIGNATURE',
    );
    const headers = signed(uniqueAgent());
    expect(await answer({ ...edge(leaf), ...headers })).toBe('403 NOT_ALLOWED');
  });

  it('the same headers from anybody else are refused, and prove nothing where the way is off', async () => {
    const { id, leaf } = await pinned(hub);
    const [stranger, off] = [
      await startHub(server.url, {
        AGENT_BRIDGE_TRUSTED_PROXIES: '192.0.2.1',
        AGENT_BRIDGE_MTLS_EDGE: 'true',
      }),
      await startHub(server.url, { AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.1' }),
    ];
    expect(await answer(edge(leaf), stranger)).toBe('403 NOT_ALLOWED');
    expect(await answer({ ...edge(leaf), ...signed(id) }, stranger)).toBe('403 NOT_ALLOWED');
    expect(await answer(edge(leaf), off)).toBe('400 BAD_REQUEST');
    await Promise.all([stranger.stop(), off.stop()]);
  });

  it('works behind a real NGINX, which an agent cannot talk over', async () => {
    const port = await freePort();
    const tls = await ca.issue({ subject: '/CN=127.0.0.1', names: 'IP:127.0.0.1', usage: 'serverAuth' });
    const config = join(dir, 'nginx.conf');
    await writeFile(
      config,
      `daemon off; worker_processes 1; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${tls.certFile};
    ssl_certificate_key ${tls.keyFile};
    ssl_client_certificate ${ca.certFile};
    ssl_verify_client optional;
    location / {
      proxy_pass http://127.0.0.1:${hub.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
      proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
    }
  }
}
`,
    );
    const nginx = await startProgram({
      name: 'nginx',
      argv: [requireProgram('nginx'), '-e', join(dir, 'error.log'), '-c', config],
      readyWhen: { port },
    });
    const { id, leaf } = await pinned(hub);
    const shown = { ca: tls.cert, cert: leaf.cert, key: leaf.key };
    const trust = { ca: await readCa() };
    const url = `wss://127.0.0.1:${port}`;
    const agent = await dialWith(url, id, {}, { tls: { ...shown, ...trust } });
    expect(await agent.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    await agent.close();
    const forged = await upgrade(port, edge(leaf), '/agent/ws', 'GET', { tls: trust });
    expect(forged).toMatchObject({ status: 400, body: { error: { code: 'BAD_REQUEST' } } });
    await nginx.stop();
  });
});

const readCa = (): Promise<string> => readFile(ca.certFile, 'utf8');

describe('mtls', () => {
  let hub: TestHub;
  let url: string;
  let trust: ClientTls;
  const files = () => ({
    cert: join(dir, 'hub.pem'),
    key: join(dir, 'hub.key'),
    bundle: join(dir, 'bundle.pem'),
  });

  async function install(leaf: Issued): Promise<void> {
    await copyFile(leaf.keyFile, files().key);
    await copyFile(leaf.certFile, files().cert);
  }
  const hubCertificate = () =>
    ca.issue({ subject: '/CN=127.0.0.1', names: 'IP:127.0.0.1', usage: 'serverAuth' });

  beforeAll(async () => {
    trust = { ca: await readCa() };
    await install(await hubCertificate());
    await copyFile(ca.certFile, files().bundle);
    hub = await startHub(server.url, {
      AGENT_BRIDGE_TLS_CERT_FILE: files().cert,
      AGENT_BRIDGE_TLS_KEY_FILE: files().key,
      AGENT_BRIDGE_CA_BUNDLE: files().bundle,
      AGENT_BRIDGE_CLIENT_DN_POLICY: 'CN={agent_id}',
    });
    url = hub.url.replace('ws:', 'wss:');
  });
  afterAll(() => hub.stop());

  const shown = ({ cert, key }: Issued): ClientTls => ({ ...trust, cert, key });
  const answer = async (tls: ClientTls, headers: Record<string, string> = {}): Promise<string> => {
    const { status, body } = await upgrade(hub.port, headers, '/agent/ws', 'GET', { tls });
    return `${status} ${body.error?.code}`;
  };
  const servedFingerprint = (options: object = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port: hub.port, host: '127.0.0.1', ...trust, ...options }, () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '');
        socket.end();
      });
      socket.on('error', reject);
    });

  it('a registered certificate, and one that names its gateway, open it', async () => {
    const { id, leaf } = await pinned(hub);
    const agent = await dialWith(url, id, {}, { tls: shown(leaf) });
    expect(await agent.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    const other = uniqueAgent();
    const named = await ca.issue({ subject: `/CN=${other}`, names: `DNS:${other}` });
    await (await dialWith(url, other, { 'X-Agent-Id': other }, { tls: shown(named) })).close();
    await registry.gateway({ agent_id: id, state: 'revoked', certificate_sha256: leaf.sha256 });
    expect(await agent.closed).toBe(4401);
    expect(await answer(shown(leaf))).toBe('403 REVOKED');
  });

  it('refuses a certificate of another issuer, an expired one, one of no gateway, and none', async () => {
    const id = uniqueAgent();
    const order = { subject: `/CN=${id}`, names: `DNS:${id}` };
    expect(await answer(shown(await foreign.issue(order)))).toBe('401 BAD_SIGNATURE');
    expect(await answer(shown(await ca.issue({ ...order, days: -1 })))).toBe('401 BAD_SIGNATURE');
    expect(await answer(shown(await ca.issue({ subject: '/CN=nobody' })))).toBe('403 NOT_ALLOWED');
    expect(await answer(trust)).toBe('400 BAD_REQUEST');
    // The shared secret is on as well, and works without a certificate.
    await (await dialWith(url, id, signed(id), { tls: trust })).close();
  });

  it('speaks TLS 1.2 and 1.3, nothing older, and answers what is no TLS by hanging up', async () => {
    const { id, leaf } = await pinned(hub);
    for (const version of [{ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }] as const)
      await (await dialWith(url, id, {}, { tls: { ...shown(leaf), ...version } })).close();
    await expect(
      servedFingerprint({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();
    await expect(upgrade(hub.port, signed(id))).rejects.toThrow();
  });

  it('takes new files without dropping a connection, and keeps the old ones when the new do not fit', async () => {
    const { id, leaf } = await pinned(hub);
    const agent = await dialWith(url, id, {}, { tls: shown(leaf) });
    const next = await hubCertificate();
    await install(next);
    await eventually(async () => expect(await servedFingerprint()).toBe(next.sha256));

    const unfit = await hubCertificate();
    await copyFile(unfit.certFile, files().cert);
    await eventually(() => expect(hub.log.join('')).toContain('tls_files_refused'));
    expect(await servedFingerprint()).toBe(next.sha256);
    const other = uniqueAgent();
    const byForeign = await foreign.issue({ subject: `/CN=${other}`, names: `DNS:${other}` });
    await writeFile(files().bundle, `${await readCa()}\n${await readFile(foreign.certFile, 'utf8')}`);
    await copyFile(next.certFile, files().cert);
    await eventually(async () => {
      expect(await servedFingerprint()).toBe(next.sha256);
      await (await dialWith(url, other, {}, { tls: shown(byForeign) })).close();
    });
    agent.hello();
    await agent.next('WELCOME');
    await agent.close();
  });

  it('does not start with files that are missing or do not fit together', async () => {
    const leaf = await hubCertificate();
    const start = (cert: string, key: string) =>
      startHub(server.url, { AGENT_BRIDGE_TLS_CERT_FILE: cert, AGENT_BRIDGE_TLS_KEY_FILE: key });
    await expect(start(join(dir, 'none.pem'), leaf.keyFile)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(start(leaf.certFile, (await hubCertificate()).keyFile)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
