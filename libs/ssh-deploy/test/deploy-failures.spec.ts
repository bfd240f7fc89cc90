import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@viw/testing';
import { deployCertificate, normalizeFingerprint } from '@viw/ssh-deploy';
import type { DeployMaterial, DeployStepEvent, DeployStepName } from '@viw/ssh-deploy';
import { deployWithLog, type Rig } from './rig';
import { siteStage } from './site-stage';

const stage = siteStage(16);
const { site, sites } = stage;
let rig: Rig;
beforeAll(() => void (rig = stage.rig));

describe('a deployment that does not work', () => {
  it('reports an inherited fault and touches nothing', async () => {
    const name = site();
    const target = rig.target(name);
    const before = await readdir(target.certDir);
    await rig.nginx.writeConf('zz-broken.conf', 'no such directive;\n');
    try {
      const outcome = await deployWithLog(rig, target, await rig.material('v1', name));
      expect(outcome.error).toMatchObject({
        code: 'NGINX_CONFIG_INVALID',
        retryable: false,
        message: expect.stringContaining('unknown directive "no"') as string,
        meta: { phase: 'before', rollback: 'not_needed' },
      });
      expect(outcome.log).toEqual(['connect done', 'preflight failed']);
      expect(await readdir(target.certDir)).toEqual(before);
    } finally {
      await rm(join(rig.nginx.prefix, 'conf.d/zz-broken.conf'));
    }
  });

  it('takes no fault for an inherited one that another deployment is about to put back', async () => {
    const name = site();
    const target = rig.target(name);
    const broken = join(rig.nginx.prefix, 'conf.d/zz-passing.conf');
    await writeFile(broken, 'no such directive;\n');
    const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
      // Whoever held the server has put it back.
      await rm(broken, { force: true });
      return work();
    };
    const options = { target, material: await rig.material('v1', name) };
    await expect(
      rig.pool.use(rig.login, ({ connect }) => deployCertificate(options, { connect, exclusively })),
    ).resolves.toMatchObject({ versionId: 'v1' });
  });

  it('switches back when the new version breaks the configuration', async () => {
    const name = site();
    const target = rig.target(name);
    const good = await rig.material('v1', name);
    await deployWithLog(rig, target, good);

    const outcome = await deployWithLog(rig, target, await rig.tooWeak('v2', name));
    expect(outcome.error).toMatchObject({
      code: 'NGINX_CONFIG_INVALID',
      message: expect.stringContaining('ee key too small') as string,
      meta: { phase: 'after', rollback: 'done' },
    });
    expect(outcome.log.slice(-3)).toEqual(['test failed', 'rollback_switch done', 'rollback_upload done']);
    expect(await readlink(join(target.certDir, 'current'))).toBe('versions/v1');
    expect(await readdir(join(target.certDir, 'versions'))).toEqual(['v1']);
    expect(await rig.served(name)).toBe(normalizeFingerprint(good.fingerprintSha256));
  });

  it('refuses what does not fit together before it connects', async () => {
    const name = site();
    const [one, other] = [await rig.material('v1', name), await rig.material('v2', name)];
    const misfits: [string, Partial<DeployMaterial>][] = [
      ['the private key is not the one', { privateKeyPem: other.privateKeyPem }],
      ['the private key cannot be read', { privateKeyPem: one.privateKeyPem.slice(0, 60) }],
      ['does not have the fingerprint', { fingerprintSha256: other.fingerprintSha256 }],
      ['the chain is broken', { fullchainPem: one.fullchainPem + other.fullchainPem }],
      ['no certificate', { fullchainPem: one.privateKeyPem }],
    ];
    for (const [words, misfit] of misfits) {
      const outcome = await deployWithLog(rig, rig.target(name), { ...one, ...misfit });
      expect(outcome.error).toMatchObject({ code: 'DEPLOY_REFUSED' });
      expect(String(outcome.error)).toContain(words);
      expect(outcome.log).toEqual([]);
    }
  });

  it('puts the old certificate back when the new one does not show', async () => {
    const name = site();
    const target = rig.target(name);
    const old = await rig.served(name);
    const material = await rig.material('v1', name);

    const outcome = await deployWithLog(
      rig,
      { ...target, reloadCommand: ['true'], proofTimeoutMs: 600 },
      material,
    );
    const listener = { host: '127.0.0.1', port: rig.nginx.httpsPort, servername: name, served: old };
    expect(outcome.error).toMatchObject({
      code: 'DEPLOY_NOT_PROVEN',
      message: expect.stringContaining(`${name} on 127.0.0.1:${rig.nginx.httpsPort} shows ${old}`) as string,
      meta: {
        rollback: 'done',
        expected: normalizeFingerprint(material.fingerprintSha256),
        listeners: [listener],
      },
    });
    expect(outcome.log.slice(-3)).toEqual(['prove failed', 'rollback_switch done', 'rollback_upload done']);
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
    expect(await rig.served(name)).toBe(old);
  });

  it('puts the old certificate back even when the right to the server cannot be had any more', async () => {
    const name = site();
    const old = await rig.served(name);
    const target = rig.target(name, { reloadCommand: ['true'], proofTimeoutMs: 600 });
    const options = { target, material: await rig.material('v1', name) };
    let asked = 0;
    const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
      // For switch, test and reload; then its keeper is away.
      if (++asked > 1) throw new Error('the keeper of the lock is away');
      return work();
    };
    await expect(
      rig.pool.use(rig.login, ({ connect }) => deployCertificate(options, { connect, exclusively })),
    ).rejects.toMatchObject({ code: 'DEPLOY_NOT_PROVEN', meta: { rollback: 'done' } });
    expect(asked).toBe(2);
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
    expect(await rig.served(name)).toBe(old);
  });

  it('rolls back for one listener of several', async () => {
    const name = site();
    const target = rig.target(name);
    const old = await rig.served(name);
    const listeners = [...target.listeners, { host: '127.0.0.1', port: 1, servername: name }];
    const outcome = await deployWithLog(
      rig,
      { ...target, listeners, proofTimeoutMs: 1500 },
      await rig.material('v1', name),
    );
    expect(outcome.error).toMatchObject({ code: 'DEPLOY_NOT_PROVEN', meta: { rollback: 'done' } });
    await eventually(async () => expect(await rig.served(name)).toBe(old));
  });

  it('says loudly when the rollback fails, too', async () => {
    const name = site();
    const target = rig.target(name, { proofTimeoutMs: 600 });
    const old = await rig.served(name);
    // Loads nothing at the first call, fails at the second one.
    const flag = join(await mkdtemp(join(tmpdir(), 'viw-flag-')), 'called');
    const reloadCommand = [
      'sh',
      '-c',
      'if [ -e "$1" ]; then echo "no master" >&2; exit 1; fi; : >"$1"',
      'reload',
      flag,
    ];
    const outcome = await deployWithLog(rig, { ...target, reloadCommand }, await rig.material('v1', name));
    expect(outcome.error).toMatchObject({
      code: 'DEPLOY_NOT_PROVEN',
      message: expect.stringContaining(
        'ROLLBACK FAILED: the reload failed: no master. FOUND AFTERWARDS: current -> self-signed, ' +
          `previous -> self-signed, configuration valid, ${name} on 127.0.0.1:${rig.nginx.httpsPort} shows ${old}`,
      ) as string,
      meta: {
        rollback: 'failed',
        rollback_error: 'the reload failed: no master',
        server_state: {
          current: 'self-signed',
          previous: 'self-signed',
          configuration: 'valid',
          listeners: [{ servername: name, served: old }],
        },
      },
    });
    // The files may be in service, so they stay.
    expect(await readdir(join(target.certDir, 'versions'))).toEqual(['v1']);
  });

  it('connects again to put things back when the connection is lost after the switch', async () => {
    const name = site();
    const target = rig.target(name);
    const old = await rig.served(name);
    const outcome = await deployWithLog(
      rig,
      target,
      await rig.material('v1', name),
      async ({ step, status }) => {
        if (step === 'test' && status === 'started') await rig.sshd.restart();
      },
    );
    expect(outcome.error).toMatchObject({ code: 'SSH_FAILED', retryable: true, meta: { rollback: 'done' } });
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
    expect(await rig.served(name)).toBe(old);
  });

  it('changes nothing that is served when the upload cannot be written', async () => {
    const name = site();
    const target = rig.target(name);
    // A file where the directory of versions belongs: refused for root as well.
    await writeFile(join(target.certDir, 'versions'), '');
    const outcome = await deployWithLog(rig, target, await rig.material('v1', name));
    expect(outcome.error).toMatchObject({
      code: 'SSH_FAILED',
      retryable: false,
      message: `${target.certDir}/versions: is a file, not a directory`,
      meta: { reason: 'file', path: `${target.certDir}/versions`, rollback: 'not_needed' },
    });
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
  });

  it('is stopped before the switch with everything removed, and not after it', async () => {
    const name = site();
    const target = rig.target(name);
    const stopAt = async (wanted: DeployStepName): Promise<unknown> => {
      const stop = new AbortController();
      const onStep = ({ step, status }: DeployStepEvent): void => {
        if (step === wanted && status === 'done') stop.abort(new Error('shutting down'));
      };
      const options = {
        target,
        material: await rig.material(`at-${wanted}`, name),
        onStep,
        signal: stop.signal,
      };
      return rig.pool.use(rig.login, (server) => deployCertificate(options, server));
    };
    await expect(stopAt('upload')).rejects.toThrow('shutting down');
    expect(await readdir(join(target.certDir, 'versions'))).toEqual([]);
    await expect(stopAt('switch')).resolves.toMatchObject({ versionId: 'at-switch' });
  });

  it('never replaces a real directory', async () => {
    const certDir = await mkdtemp(join(tmpdir(), 'viw-real-'));
    await mkdir(join(certDir, 'current'));
    const name = sites[0] ?? '';
    const outcome = await deployWithLog(rig, rig.target(name, { certDir }), await rig.material('v1', name));
    expect(outcome.error).toMatchObject({
      code: 'DEPLOY_REFUSED',
      message: `${certDir}/current is a directory; viw replaces only a symbolic link there`,
    });
    expect(await readdir(certDir)).toEqual(['current']);
    await rm(certDir, { recursive: true });
  });

  it.each([
    ['a relative directory', { certDir: 'tls' }, {}],
    ['dot segments', { certDir: '/etc/../tmp/x' }, {}],
    ['no listener', { listeners: [] }, {}],
    ['a version id that is a path', {}, { versionId: '../v1' }],
    ['a fingerprint that is none', {}, { fingerprintSha256: 'abc' }],
  ])('refuses %s before it connects', async (_what, target, material) => {
    const name = sites[0] ?? '';
    const outcome = await deployWithLog(
      rig,
      { ...rig.target(name), ...target },
      { ...(await rig.material('v1', name)), ...material },
    );
    expect(outcome.error).toMatchObject({ code: 'DEPLOY_REFUSED' });
    expect(outcome.log).toEqual([]);
  });

  it('keeps the private key out of events and errors', async () => {
    const name = sites[0] ?? '';
    const material = await rig.material('secret', name);
    const outcome = await deployWithLog(rig, rig.target(name, { reloadCommand: ['false'] }), material);
    const secret = material.privateKeyPem.split('\n')[1] ?? '?';
    expect(JSON.stringify([outcome.events, outcome.error, String(outcome.error)])).not.toContain(secret);
  });
});
