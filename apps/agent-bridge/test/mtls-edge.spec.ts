import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signKeyHandshake } from '@viw/agent-auth';
import type { Ed25519PublicKey } from '@viw/contracts';
import { freePort, requireProgram, startProgram } from '@viw/testing';
import { certificateStage } from './certificate-stage';
import { dialWith, signed, uniqueAgent, upgrade } from './test-agent';
import type { Issued } from './test-ca';
import type { TestHub } from './test-hub';
import { active, unknownAgent } from './test-registry';

const stage = certificateStage();

describe('mtls-edge', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await stage.startHub({
      AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.0/8',
      AGENT_BRIDGE_MTLS_EDGE: 'true',
      AGENT_BRIDGE_ED25519: 'true',
      AGENT_BRIDGE_CA_BUNDLE: stage.ca.certFile,
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
    const { id, leaf } = await stage.pinned(hub);
    const agent = await dialWith(hub.url, id, edge(leaf));
    expect(await agent.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    await stage.registry.gateway(active(id, { certificate_sha256: 'a'.repeat(64) }));
    expect(await agent.closed).toBe(4401);
    expect(await answer(edge(leaf))).not.toBe('503 BUSY');
  });

  it('says which authorities it has taken, by fingerprint', async () => {
    const { fingerprint256 } = new X509Certificate(await readFile(stage.ca.certFile));
    const sha256 = fingerprint256.replaceAll(':', '').toLowerCase();
    const line = new RegExp(`^viw_client_authority_seconds_left{[^}]*sha256="${sha256}"[^}]*} [1-9]`, 'm');
    expect(await hub.metrics()).toMatch(line);
  });

  it('a certificate that names its gateway by subject and alternative name opens it, unless one is registered', async () => {
    for (const names of [(id: string) => `DNS:${id}`, (id: string) => `URI:urn:viw:gateway:${id}`]) {
      const id = uniqueAgent();
      const leaf = await stage.ca.issue({ subject: `/CN=${id}/O=Viworks`, names: names(id) });
      await (await dialWith(hub.url, id, edge(leaf))).close();
      await stage.registry.gateway(active(id, { certificate_sha256: 'b'.repeat(64) }));
      await stage.settled(hub);
      expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
    }
  });

  it('revoked, then back with a new key: the certificate that names it opens it no longer, beside the key it does no harm', async () => {
    const id = uniqueAgent();
    const leaf = await stage.ca.issue({ subject: `/CN=${id}/O=Viworks`, names: `DNS:${id}` });
    const stolen = await dialWith(hub.url, id, edge(leaf));
    await stage.registry.gateway({ agent_id: id, state: 'revoked' });
    expect(await stolen.closed).toBe(4401);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signing_key = publicKey.export({ format: 'jwk' }) as Ed25519PublicKey;
    await stage.registry.gateway(active(id, { signing_key }));
    await stage.settled(hub);
    expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
    const byKey = () => signKeyHandshake({ privateKey, agentId: id, path: '/agent/ws', now: Date.now() });
    await (await dialWith(hub.url, id, byKey())).close();
    const both = await dialWith(hub.url, id, { ...edge(leaf), ...byKey() });
    expect(await both.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    // Each of them is looked at again when the registry changes: here only the certificate is left.
    await stage.registry.gateway(active(id, { certificate_sha256: leaf.sha256 }));
    await stage.settled(hub);
    expect(both.isClosed).toBe(false);
    await stage.registry.gateway(active(id, { certificate_sha256: 'c'.repeat(64) }));
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
    const leaf = await stage.ca.issue(order(uniqueAgent()));
    expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
  });

  it.each([
    ['of another issuer', () => stage.foreign, {}],
    ['that has expired', () => stage.ca, { days: -1 }],
    ['for servers', () => stage.ca, { usage: 'serverAuth' }],
  ] as const)('a certificate %s is refused, even a registered one', async (_, issuer, order) => {
    const id = uniqueAgent();
    const leaf = await issuer().issue({ subject: `/CN=${id}`, ...order });
    await stage.registry.gateway(active(id, { certificate_sha256: leaf.sha256 }));
    await stage.settled(hub);
    expect(await answer(edge(leaf))).toBe('401 BAD_SIGNATURE');
  });

  it('one that names a gateway which nobody has registered opens nothing', async () => {
    const id = unknownAgent();
    const leaf = await stage.ca.issue({ subject: `/CN=${id}/O=Viworks`, names: `DNS:${id}` });
    expect(await answer(edge(leaf))).toBe('403 NOT_ALLOWED');
  });

  it('tells a revoked and a decommissioned gateway why', async () => {
    expect(await answer(edge((await stage.pinned(hub, 'revoked')).leaf))).toBe('403 REVOKED');
    expect(await answer(edge((await stage.pinned(hub, 'decommissioned')).leaf))).toBe('403 DECOMMISSIONED');
  });

  it('what the edge did not verify, and what is no certificate, is refused', async () => {
    const { id, leaf } = await stage.pinned(hub);
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
    const { id, leaf } = await stage.pinned(hub);
    await (await dialWith(hub.url, id, { ...edge(leaf), ...signed(id) })).close();
    expect(await answer({ ...edge(leaf), ...signed(id, { secret: 'another secret of no hub' }) })).toBe(
      '401 BAD_SIGNATURE',
    );
    const headers = signed(uniqueAgent());
    expect(await answer({ ...edge(leaf), ...headers })).toBe('403 NOT_ALLOWED');
  });

  it('the same headers from anybody else are refused, and prove nothing where the way is off', async () => {
    const { id, leaf } = await stage.pinned(hub);
    const [stranger, off] = [
      await stage.startHub({
        AGENT_BRIDGE_TRUSTED_PROXIES: '192.0.2.1',
        AGENT_BRIDGE_MTLS_EDGE: 'true',
      }),
      await stage.startHub({ AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.1' }),
    ];
    expect(await answer(edge(leaf), stranger)).toBe('403 NOT_ALLOWED');
    expect(await answer({ ...edge(leaf), ...signed(id) }, stranger)).toBe('403 NOT_ALLOWED');
    expect(await answer(edge(leaf), off)).toBe('400 BAD_REQUEST');
    await Promise.all([stranger.stop(), off.stop()]);
  });

  it('works behind a real NGINX, which an agent cannot talk over', async () => {
    const port = await freePort();
    const tls = await stage.ca.issue({
      subject: '/CN=127.0.0.1',
      names: 'IP:127.0.0.1',
      usage: 'serverAuth',
    });
    const config = join(stage.dir, 'nginx.conf');
    await writeFile(
      config,
      `daemon off; worker_processes 1; pid ${stage.dir}/nginx.pid; error_log ${stage.dir}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${stage.dir}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${tls.certFile};
    ssl_certificate_key ${tls.keyFile};
    ssl_client_certificate ${stage.ca.certFile};
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
      argv: [requireProgram('nginx'), '-e', join(stage.dir, 'error.log'), '-c', config],
      readyWhen: { port },
    });
    const { id, leaf } = await stage.pinned(hub);
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

const readCa = (): Promise<string> => readFile(stage.ca.certFile, 'utf8');
