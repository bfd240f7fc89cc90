import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servedCertificate, startHaproxy, type Haproxy } from '@viw/testing';
import { normalizeFingerprint, SshPool, type DeployTarget } from '@viw/ssh-deploy';
import { materialsIn, type Materials } from './materials';
import { deployWithLog } from './rig';
import { startSshdStage, type SshdStage } from './sshd-stage';

const names = Array.from({ length: 6 }, (_, index) => `haproxy${index}.viw.example`);
let stage: SshdStage & { pool: SshPool };
let haproxy: Haproxy;
let scratch: string;
let make: Materials;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'viw-haproxy-'));
  make = materialsIn(scratch);
  [stage, haproxy] = await Promise.all([
    startSshdStage().then((one) => ({ ...one, pool: new SshPool() })),
    startHaproxy({ names }),
  ]);
});
afterAll(async () => {
  await stage?.pool.stop();
  await Promise.all([stage?.sshd.stop(), haproxy?.stop()]);
  await rm(scratch, { recursive: true });
});

const site = (): string => names.pop() ?? '';
const target = (name: string, more: Partial<DeployTarget> = {}): DeployTarget => ({
  certDir: haproxy.certDir(name),
  service: { kind: 'haproxy', configFile: haproxy.configDir, masterSocket: haproxy.masterSocket },
  listeners: [{ host: '127.0.0.1', port: haproxy.httpsPort, servername: name }],
  ...more,
});
const served = async (name: string): Promise<string> =>
  normalizeFingerprint(
    (await servedCertificate({ port: haproxy.httpsPort, servername: name })).fingerprint256,
  );

it('puts key and chain into service as one file, and renews them', async () => {
  const name = site();
  const [v1, v2] = [await make.chained('v1', name), await make.chained('v2', name)];
  for (const version of [v1, v2]) {
    const outcome = await deployWithLog(stage, target(name), version);
    expect(outcome.error).toBeUndefined();
    expect(outcome.result?.warnings).toEqual([]);
    expect(await served(name)).toBe(normalizeFingerprint(version.fingerprintSha256));
  }
  const { certDir } = target(name);
  expect(await readdir(join(certDir, 'versions/v2'))).toEqual(['combined.pem']);
  const file = join(certDir, 'versions/v2/combined.pem');
  expect(await readFile(file, 'utf8')).toBe(v2.privateKeyPem + v2.fullchainPem);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readlink(join(certDir, 'previous'))).toBe('versions/v1');
});

it('reports a configuration that was broken before, and touches nothing', async () => {
  const name = site();
  await haproxy.writeConf('99-broken.cfg', 'frontend broken\n    no such keyword\n');
  try {
    const outcome = await deployWithLog(stage, target(name), await make.material('v1', name));
    expect(outcome.error).toMatchObject({
      code: 'SERVICE_CONFIG_INVALID',
      retryable: false,
      message: expect.stringMatching(
        /^the configuration of HAProxy was broken before this deployment: [^]*99-broken\.cfg:2/,
      ) as string,
      meta: { phase: 'before', rollback: 'not_needed' },
    });
    expect(outcome.log).toEqual(['connect done', 'preflight failed']);
    expect(await readdir(target(name).certDir)).not.toContain('versions');
  } finally {
    await rm(join(haproxy.configDir, '99-broken.cfg'));
  }
});

it('switches back when the new version breaks the configuration', async () => {
  const name = site();
  const old = await served(name);
  const outcome = await deployWithLog(stage, target(name), await make.tooWeak('weak', name));
  expect(outcome.error).toMatchObject({
    code: 'SERVICE_CONFIG_INVALID',
    message: expect.stringContaining('of HAProxy is broken with the new certificate') as string,
    meta: { phase: 'after', rollback: 'done' },
  });
  expect(outcome.log.slice(-3)).toEqual(['test failed', 'rollback_switch done', 'rollback_upload done']);
  expect(await readlink(join(target(name).certDir, 'current'))).toBe('self-signed');
  expect(await readdir(join(target(name).certDir, 'versions'))).toEqual([]);
  expect(await served(name)).toBe(old);
});

it('refuses a key that is not the one of the certificate before it connects', async () => {
  const name = site();
  const [one, other] = [await make.material('v1', name), await make.material('v2', name)];
  const outcome = await deployWithLog(stage, target(name), { ...one, privateKeyPem: other.privateKeyPem });
  expect(outcome.error).toMatchObject({ code: 'DEPLOY_REFUSED' });
  expect(outcome.log).toEqual([]);
});

it('puts the old one back when there is no master to be told, and says that none is', async () => {
  const name = site();
  const old = await served(name);
  const masterSocket = join(haproxy.configDir, 'nobody.sock');
  const service = { kind: 'haproxy' as const, configFile: haproxy.configDir, masterSocket };
  const outcome = await deployWithLog(stage, target(name, { service }), await make.material('v1', name));
  expect(outcome.error).toMatchObject({ code: 'SSH_FAILED', meta: { rollback: 'failed' } });
  expect(String(outcome.error)).toContain(`cannot reach ${masterSocket}`);
  expect(await readlink(join(target(name).certDir, 'current'))).toBe('self-signed');
  expect(await served(name)).toBe(old);
});

it.each([
  ['a configuration that is an option', { configFile: '-f /etc/shadow' }],
  ['a path with dot segments', { configFile: '/etc/haproxy/../shadow' }],
  ['a socket that is no path', { configFile: '/etc/haproxy', masterSocket: 'ipv4@127.0.0.1:1' }],
])('refuses %s', async (_what, options) => {
  const service = { kind: 'haproxy' as const, ...options };
  const outcome = await deployWithLog(
    stage,
    target('a.example', { service }),
    await make.material('v1', 'a.example'),
  );
  expect(outcome.error).toMatchObject({ code: 'DEPLOY_REFUSED' });
});

it('runs no listed service where no installer of root stands between', async () => {
  const service = { kind: 'command' as const, name: 'postfix', form: 'pair' as const };
  const outcome = await deployWithLog(
    stage,
    target('a.example', { service }),
    await make.material('v1', 'a.example'),
  );
  expect(outcome.error).toMatchObject({
    code: 'DEPLOY_REFUSED',
    message: expect.stringContaining('rights are sudo') as string,
  });
  expect(outcome.log).toEqual([]);
});
