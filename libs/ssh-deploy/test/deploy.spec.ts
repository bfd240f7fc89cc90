import { mkdir, readdir, readFile, readlink, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { normalizeFingerprint } from '@viw/ssh-deploy';
import { deployWithLog, type Rig } from './rig';
import { siteStage } from './site-stage';

const stage = siteStage(40);
const { site } = stage;
let rig: Rig;
beforeAll(() => void (rig = stage.rig));

const ALL_DONE = ['connect', 'preflight', 'upload', 'switch', 'test', 'reload', 'prove', 'prune'].map(
  (s) => `${s} done`,
);

describe('a deployment that works', () => {
  it('puts a first and a second version into service and keeps the old one', async () => {
    const name = site();
    const target = rig.target(name);
    const [v1, v2] = [await rig.material('v1', name), await rig.material('v2', name)];

    const first = await deployWithLog(rig, target, v1);
    expect(first.error).toBeUndefined();
    expect(first.log).toEqual(ALL_DONE);
    expect(first.result).toMatchObject({ versionId: 'v1', alreadyCurrent: false, pruned: [] });
    expect(first.result?.previousVersion).toBeUndefined();
    expect(await rig.served(name)).toBe(normalizeFingerprint(v1.fingerprintSha256));

    const second = await deployWithLog(rig, target, v2);
    expect(second.error).toBeUndefined();
    expect(second.result).toMatchObject({ versionId: 'v2', previousVersion: 'v1' });
    expect(await rig.served(name)).toBe(normalizeFingerprint(v2.fingerprintSha256));
    expect(await readlink(join(target.certDir, 'current'))).toBe('versions/v2');
    expect(await readlink(join(target.certDir, 'previous'))).toBe('versions/v1');
    expect(await readFile(join(target.certDir, 'versions/v1/fullchain.pem'), 'utf8')).toBe(v1.fullchainPem);
    // Nothing is left beside what belongs there.
    expect((await readdir(target.certDir)).toSorted()).toEqual([
      'current',
      'previous',
      'self-signed',
      'versions',
    ]);
  });

  it('records what the handshake of the proof has shown, and warns of certificates that are not sent', async () => {
    const name = site();
    const material = await rig.chained('v1', name);
    const outcome = await deployWithLog(rig, rig.target(name), material);
    expect(outcome.error).toBeUndefined();
    expect(outcome.result?.warnings).toEqual([]);
    const leaf = normalizeFingerprint(material.fingerprintSha256);
    expect(outcome.result?.served).toMatchObject([
      {
        fingerprint: leaf,
        facts: {
          protocol: 'TLSv1.3',
          names: [name],
          issuer: 'CN=issuer',
          chain: [leaf, expect.stringMatching(/^[0-9a-f]{64}$/)],
          ocsp: ['http://ocsp.example/'],
          ca_issuers: ['http://ca.example/issuer.crt'],
        },
      },
    ]);

    // Something in front of NGINX that has the leaf alone.
    const [cert] = /-----BEGIN[^]*?END CERTIFICATE-----/.exec(material.fullchainPem) ?? [''];
    const alone = createServer({ cert, key: material.privateKeyPem });
    await new Promise<void>((resolve) => alone.listen(0, '127.0.0.1', resolve));
    const { port } = alone.address() as AddressInfo;
    const listeners = [{ host: '127.0.0.1', port, servername: name }];
    const again = await deployWithLog(rig, rig.target(name, { listeners }), material);
    alone.close();
    expect(again.result?.warnings).toEqual([`${name} on 127.0.0.1:${port} sends 1 of 2 certificates`]);
  });

  it('lets nobody else read the key', async () => {
    const name = site();
    const target = rig.target(name);
    await deployWithLog(rig, target, await rig.material('v1', name));
    const mode = async (path: string): Promise<number> =>
      (await stat(join(target.certDir, path))).mode & 0o777;
    expect(await mode('versions')).toBe(0o700);
    expect(await mode('versions/v1')).toBe(0o700);
    expect(await mode('versions/v1/privkey.pem')).toBe(0o600);
    expect(await mode('versions/v1/fullchain.pem')).toBe(0o600);
  });

  it('does nothing twice for the version in service', async () => {
    const name = site();
    const target = rig.target(name);
    const material = await rig.material('v1', name);
    await deployWithLog(rig, target, material);
    const before = await stat(join(target.certDir, 'versions/v1/privkey.pem'));

    const again = await deployWithLog(rig, { ...target, reloadCommand: ['false'] }, material);
    expect(again.error).toBeUndefined();
    expect(again.result).toMatchObject({ alreadyCurrent: true });
    const details = Object.fromEntries(again.events.map(({ step, detail }) => [step, detail]));
    expect(details).toMatchObject({
      upload: 'uploaded already',
      switch: 'switched already',
      reload: 'served already',
    });
    expect((await stat(join(target.certDir, 'versions/v1/privkey.pem'))).ino).toBe(before.ino);
  });

  it('finishes what a run left that died after its switch', async () => {
    const name = site();
    const target = rig.target(name);
    const [v1, v2] = [await rig.material('v1', name), await rig.material('v2', name)];
    await deployWithLog(rig, target, v1);
    // What the server looks like between switch and reload.
    await deployWithLog(rig, target, v2);
    await deployWithLog(rig, target, v1);
    await unlink(join(target.certDir, 'current'));
    await symlink('versions/v2', join(target.certDir, 'current'));
    await unlink(join(target.certDir, 'previous'));
    await symlink('versions/v1', join(target.certDir, 'previous'));

    const resumed = await deployWithLog(rig, target, v2);
    expect(resumed.error).toBeUndefined();
    expect(await rig.served(name)).toBe(normalizeFingerprint(v2.fingerprintSha256));
  });

  it('uploads again what an upload left that was cut', async () => {
    const name = site();
    const target = rig.target(name);
    const material = await rig.material('v1', name);
    await mkdir(join(target.certDir, 'versions/v1'), { recursive: true });
    await writeFile(join(target.certDir, 'versions/v1/fullchain.pem'), material.fullchainPem.slice(0, 100));

    const outcome = await deployWithLog(rig, target, material);
    expect(outcome.error).toBeUndefined();
    expect(await readFile(join(target.certDir, 'versions/v1/fullchain.pem'), 'utf8')).toBe(
      material.fullchainPem,
    );
  });

  it('keeps three versions, the newest ones', async () => {
    const name = site();
    const target = rig.target(name);
    const pruned: string[] = [];
    for (const version of ['v1', 'v2', 'v3', 'v4', 'v5']) {
      const outcome = await deployWithLog(rig, target, await rig.material(version, name));
      expect(outcome.error).toBeUndefined();
      pruned.push(...(outcome.result?.pruned ?? []));
    }
    expect(pruned).toEqual(['v1', 'v2']);
    expect((await readdir(join(target.certDir, 'versions'))).toSorted()).toEqual(['v3', 'v4', 'v5']);
  });

  it('leaves a version alone into which somebody put a file, and warns', async () => {
    const name = site();
    const target = rig.target(name, { keepVersions: 2 });
    await deployWithLog(rig, target, await rig.material('v1', name));
    await writeFile(join(target.certDir, 'versions/v1/notes.txt'), 'mine');
    await deployWithLog(rig, target, await rig.material('v2', name));
    const outcome = await deployWithLog(rig, target, await rig.material('v3', name));
    expect(outcome.result?.warnings).toEqual([expect.stringContaining('notes.txt')]);
    expect(await readdir(join(target.certDir, 'versions/v1'))).toHaveLength(3);
  });

  it('takes warnings of nginx -t for what they are', async () => {
    const name = site();
    const noisy = ['sh', '-c', 'echo "nginx: [warn] conflicting server name" >&2'];
    const outcome = await deployWithLog(
      rig,
      rig.target(name, { testCommand: noisy }),
      await rig.material('v1', name),
    );
    expect(outcome.error).toBeUndefined();
    expect(outcome.result?.warnings).toEqual(['nginx: [warn] conflicting server name']);
  });
});

it('thirty deployments at once to one server, and one among them that NGINX refuses: nobody else is blamed for it', async () => {
  const names = Array.from({ length: 30 }, site);
  const bad = site();
  const materials = await Promise.all(names.map((name) => rig.material('v1', name)));
  const weak = await rig.tooWeak('v1', bad);
  const signIns = (): number => rig.sshd.program.output().split('Accepted publickey').length;
  const before = signIns();
  const refused = deployWithLog(rig, rig.target(bad), weak);
  const outcomes = await Promise.all(
    names.map((name, index) => {
      const material = materials[index];
      if (!material) throw new Error('no material');
      return deployWithLog(rig, rig.target(name), material);
    }),
  );
  expect((await refused).error).toMatchObject({
    code: 'NGINX_CONFIG_INVALID',
    meta: { phase: 'after', rollback: 'done' },
  });
  expect(outcomes.map(({ error }) => error)).toEqual(names.map(() => undefined));
  const served = await Promise.all(names.map((name) => rig.served(name)));
  expect(served).toEqual(materials.map((one) => normalizeFingerprint(one.fingerprintSha256)));
  // sshd drops the eleventh connection that has not signed in; there was one at most.
  expect(signIns()).toBeLessThanOrEqual(before + 1);
});
