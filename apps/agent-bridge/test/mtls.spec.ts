import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { eventually } from '@viw/testing';
import { certificateStage } from './certificate-stage';
import { dialWith, signed, uniqueAgent, upgrade } from './test-agent';
import type { ClientTls } from './test-agent';
import type { Issued } from './test-ca';
import type { TestHub } from './test-hub';

const stage = certificateStage();

const readCa = (): Promise<string> => readFile(stage.ca.certFile, 'utf8');

describe('mtls', () => {
  let hub: TestHub;
  let url: string;
  let trust: ClientTls;
  const files = () => ({
    cert: join(stage.dir, 'hub.pem'),
    key: join(stage.dir, 'hub.key'),
    bundle: join(stage.dir, 'bundle.pem'),
  });

  async function install(leaf: Issued): Promise<void> {
    await copyFile(leaf.keyFile, files().key);
    await copyFile(leaf.certFile, files().cert);
  }
  const hubCertificate = () =>
    stage.ca.issue({ subject: '/CN=127.0.0.1', names: 'IP:127.0.0.1', usage: 'serverAuth' });

  beforeAll(async () => {
    trust = { ca: await readCa() };
    await install(await hubCertificate());
    await copyFile(stage.ca.certFile, files().bundle);
    hub = await stage.startHub({
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
    const { id, leaf } = await stage.pinned(hub);
    const agent = await dialWith(url, id, {}, { tls: shown(leaf) });
    expect(await agent.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    const other = uniqueAgent();
    const named = await stage.ca.issue({ subject: `/CN=${other}`, names: `DNS:${other}` });
    await (await dialWith(url, other, { 'X-Agent-Id': other }, { tls: shown(named) })).close();
    await stage.registry.gateway({ agent_id: id, state: 'revoked', certificate_sha256: leaf.sha256 });
    expect(await agent.closed).toBe(4401);
    expect(await answer(shown(leaf))).toBe('403 REVOKED');
  });

  it('refuses a certificate of another issuer, an expired one, one of no gateway, and none', async () => {
    const id = uniqueAgent();
    const order = { subject: `/CN=${id}`, names: `DNS:${id}` };
    expect(await answer(shown(await stage.foreign.issue(order)))).toBe('401 BAD_SIGNATURE');
    expect(await answer(shown(await stage.ca.issue({ ...order, days: -1 })))).toBe('401 BAD_SIGNATURE');
    expect(await answer(shown(await stage.ca.issue({ subject: '/CN=nobody' })))).toBe('403 NOT_ALLOWED');
    expect(await answer(trust)).toBe('400 BAD_REQUEST');
    // The shared secret is on as well, and works without a certificate.
    await (await dialWith(url, id, signed(id), { tls: trust })).close();
  });

  it('speaks TLS 1.2 and 1.3, nothing older, and answers what is no TLS by hanging up', async () => {
    const { id, leaf } = await stage.pinned(hub);
    for (const version of [{ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }] as const)
      await (await dialWith(url, id, {}, { tls: { ...shown(leaf), ...version } })).close();
    await expect(
      servedFingerprint({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();
    await expect(upgrade(hub.port, signed(id))).rejects.toThrow();
  });

  it('takes new files without dropping a connection, and keeps the old ones when the new do not fit', async () => {
    const { id, leaf } = await stage.pinned(hub);
    const agent = await dialWith(url, id, {}, { tls: shown(leaf) });
    const next = await hubCertificate();
    await install(next);
    await eventually(async () => expect(await servedFingerprint()).toBe(next.sha256));

    const unfit = await hubCertificate();
    await copyFile(unfit.certFile, files().cert);
    await eventually(() => expect(hub.log.join('')).toContain('tls_files_refused'));
    expect(await servedFingerprint()).toBe(next.sha256);
    const other = uniqueAgent();
    const byForeign = await stage.foreign.issue({ subject: `/CN=${other}`, names: `DNS:${other}` });
    await writeFile(files().bundle, `${await readCa()}\n${await readFile(stage.foreign.certFile, 'utf8')}`);
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
      stage.startHub({ AGENT_BRIDGE_TLS_CERT_FILE: cert, AGENT_BRIDGE_TLS_KEY_FILE: key });
    await expect(start(join(stage.dir, 'none.pem'), leaf.keyFile)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(start(leaf.certFile, (await hubCertificate()).keyFile)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
