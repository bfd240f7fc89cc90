import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runsAsRoot, runTool } from '@viw/testing';
import { normalizeFingerprint } from '@viw/ssh-deploy';
import { startCuttingProxy } from './cutting-proxy';
import { deployWithLog, startRig, type Rig } from './rig';

const sites = ['full.example', 'read-only.example', 'cut.example', 'sudo.example'];
let rig: Rig;
beforeAll(async () => {
  rig = await startRig(sites);
});
afterAll(() => rig.stop());

/** In containers root may be forbidden to mount. */
const mayMount =
  runsAsRoot() && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const whereMountable = mayMount ? it : it.skip;

async function onSmallDisk(site: string, work: (versions: string) => Promise<void>): Promise<void> {
  const versions = join(rig.nginx.certDir(site), 'versions');
  await mkdir(versions);
  // One page: room for a certificate, and none for its key.
  await runTool('mount', ['-t', 'tmpfs', '-o', 'size=4k,mode=0700', 'none', versions]);
  try {
    await work(versions);
  } finally {
    await runTool('umount', [versions]);
  }
}

whereMountable('a full disk: said so, nothing switched, nothing left', async () => {
  await onSmallDisk('full.example', async (versions) => {
    const old = await rig.served('full.example');
    const target = rig.target('full.example');
    const outcome = await deployWithLog(rig, target, await rig.material('v1', 'full.example'));
    expect(outcome.error).toMatchObject({
      code: 'SSH_FAILED',
      retryable: false,
      message: `${versions}/v1/privkey.pem: Failure (the disk is full)`,
      meta: { reason: 'file', path: `${versions}/v1/privkey.pem`, rollback: 'not_needed' },
    });
    expect(outcome.log.slice(-2)).toEqual(['upload failed', 'rollback_upload done']);
    expect(await readdir(versions)).toEqual([]);
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
    expect(await rig.served('full.example')).toBe(old);
  });
});

whereMountable('a file system that has become read-only: said so, nothing switched', async () => {
  await onSmallDisk('read-only.example', async (versions) => {
    await runTool('mount', ['-o', 'remount,ro', versions]);
    const target = rig.target('read-only.example');
    const outcome = await deployWithLog(rig, target, await rig.material('v1', 'read-only.example'));
    expect(outcome.error).toMatchObject({
      code: 'SSH_FAILED',
      message: `${versions}/v1: Failure (not writable for ${rig.sshd.user})`,
      meta: { rollback: 'not_needed' },
    });
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
  });
});

it('an upload that is cut: nothing switched; the next run begins it anew', async () => {
  const site = 'cut.example';
  const target = rig.target(site);
  const proxy = await startCuttingProxy(rig.sshd.port);
  const material = await rig.material('v1', site);
  const old = await rig.served(site);
  try {
    const through = { ...rig, login: { ...rig.login, port: proxy.port } };
    const outcome = await deployWithLog(through, target, material, ({ step, status }) => {
      // In the middle of the first file.
      if (step === 'upload' && status === 'started') proxy.cutAfter(1_000);
    });
    expect(outcome.error).toMatchObject({
      code: 'SSH_FAILED',
      retryable: true,
      meta: { rollback: 'not_needed' },
    });
    expect(outcome.log.at(-1)).toBe('upload failed');
    expect(await readlink(join(target.certDir, 'current'))).toBe('self-signed');
    expect(await readdir(join(target.certDir, 'versions/v1'))).not.toHaveLength(2);
    expect(await rig.served(site)).toBe(old);

    proxy.mend();
    const again = await deployWithLog(rig, target, material);
    expect(again.error).toBeUndefined();
    expect(await rig.served(site)).toBe(normalizeFingerprint(material.fingerprintSha256));
  } finally {
    await proxy.stop();
  }
});

it('a program that is missing, such as sudo: said so before anything is touched', async () => {
  const target = rig.target('sudo.example', { testCommand: ['no-sudo-here', '-n', 'nginx', '-t'] });
  const before = await readdir(target.certDir);
  const outcome = await deployWithLog(rig, target, await rig.material('v1', 'sudo.example'));
  expect(outcome.error).toMatchObject({
    code: 'SSH_FAILED',
    retryable: false,
    message: expect.stringMatching(/^no-sudo-here cannot be run: .*not found/) as string,
    meta: { reason: 'command', rc: 127, rollback: 'not_needed' },
  });
  expect(outcome.log).toEqual(['connect done', 'preflight failed']);
  expect(await readdir(target.certDir)).toEqual(before);
});
