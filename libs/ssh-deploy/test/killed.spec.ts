import { randomBytes } from 'node:crypto';
import { readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, runTool, startProgram } from '@viw/testing';
import { normalizeFingerprint, type DeployMaterial } from '@viw/ssh-deploy';
import { build } from 'esbuild';
import type { KilledDeployment } from './killed-deployment';
import { deployWithLog, startRig, type Rig } from './rig';

// Beside the sources, so that what is not bundled is found.
const folder = join(__dirname, '..', 'dist', `test-${process.pid}`);
const bundle = join(folder, 'killed-deployment.js');
const sites = ['a.viw.example', 'b.viw.example', 'c.viw.example', 'broken.viw.example'] as const;

let rig: Rig;
beforeAll(async () => {
  await build({
    entryPoints: [join(__dirname, 'killed-deployment.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    external: ['ssh2', 'ssh2/*'],
    logLevel: 'silent',
  });
  rig = await startRig(sites);
}, 60_000);
afterAll(async () => {
  await rig.stop();
  await rm(folder, { recursive: true, force: true });
});

/** @returns what it did last, such as `dies before symlink` */
async function deployAndDie(site: string, material: DeployMaterial, dieBefore: number): Promise<string> {
  const file = join(folder, `${randomBytes(6).toString('hex')}.json`);
  const job: KilledDeployment = { login: rig.login, target: rig.target(site), material, dieBefore };
  await writeFile(file, JSON.stringify(job), { mode: 0o600 });
  const program = await startProgram({ name: 'deployment', argv: [process.execPath, bundle, file] });
  const { signal } = await program.exited;
  // Its end may be noticed before its last words have been read.
  const said = await eventually(() => {
    const words = program.output().trim();
    if (words === '') throw new Error('it has said nothing');
    return words;
  });
  expect(signal).toBe(said.startsWith('dies before') ? 'SIGKILL' : null);
  return said;
}

/** What clients see while `work` goes on, each fingerprint once; a handshake that fails is seen as its error. */
async function seenDuring(site: string, work: () => Promise<void>): Promise<Set<string>> {
  const seen = new Set<string>();
  let watching = true;
  const watched = (async () => {
    while (watching) {
      seen.add(await rig.served(site).catch(String));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  await work().finally(() => (watching = false));
  await watched;
  return seen;
}

const nginxTest = (): Promise<string> => runTool('nginx', rig.nginx.testCommand.slice(1));

it('killed before any change: the server serves a valid pair all the time, and the next run finishes', async () => {
  const deaths: string[] = [];
  let next = 1;
  let over = false;
  const runSite = async (site: string): Promise<void> => {
    let old = await rig.served(site);
    while (!over) {
      const dieBefore = next++;
      const material = await rig.material(`v${dieBefore}`, site);
      const fresh = normalizeFingerprint(material.fingerprintSha256);
      const seen = await seenDuring(site, async () => {
        const said = await deployAndDie(site, material, dieBefore);
        if (said === 'deployed') over = true;
        else deaths.push(said);
        // What lies there would start: the pair that `current` names fits. A test that reads one half before and the other
        // after the switch of another site passes the next time.
        await eventually(nginxTest);
        const resumed = await deployWithLog(rig, rig.target(site), material);
        expect(resumed.error).toBeUndefined();
      });
      expect([...seen].filter((one) => one !== old && one !== fresh)).toEqual([]);
      expect(await rig.served(site)).toBe(fresh);
      old = fresh;
    }
  };
  await Promise.all(sites.slice(0, 3).map((site) => runSite(site).finally(() => (over = true))));
  // The shortest run has: nginx -t, 1 directory, 2 files of 5 changes, the digest, 2 links of 2, nginx -t, reload.
  expect(deaths.length).toBeGreaterThanOrEqual(19);
  expect(new Set(deaths)).toEqual(
    new Set(
      [
        ...['mkdir', 'open', 'fchmod', 'write', 'ext_openssh_fsync', 'close'],
        ...['symlink', 'ext_openssh_rename', 'exec', 'unlink', 'rmdir'],
      ].map((name) => `dies before ${name}`),
    ),
  );
}, 240_000);

it('killed while a version that NGINX refuses is put in and taken out: the next run takes it out', async () => {
  const site = 'broken.viw.example';
  const good = await rig.material('good', site);
  await deployWithLog(rig, rig.target(site), good);
  const deaths: string[] = [];
  let said = '';
  // From the switch of `current` on: before that it is a deployment like any other.
  const seen = await seenDuring(site, async () => {
    for (let dieBefore = 17; !said.startsWith('failed'); dieBefore++) {
      const weak = await rig.tooWeak(`weak${dieBefore}`, site);
      said = await deployAndDie(site, weak, dieBefore);
      deaths.push(said.replace('dies before ', ''));
      const undone = await deployWithLog(rig, rig.target(site), weak);
      expect(undone.error).toMatchObject({ code: 'NGINX_CONFIG_INVALID', meta: { rollback: 'done' } });
      expect(await readlink(join(rig.nginx.certDir(site), 'current'))).toBe('versions/good');
      await nginxTest();
    }
  });
  expect(deaths.slice(0, -1)).toEqual([
    ...['ext_openssh_rename', 'exec', 'symlink', 'ext_openssh_rename'],
    // Of the listing of its directory.
    ...['close', 'unlink', 'unlink', 'rmdir'],
  ]);
  expect([...seen]).toEqual([normalizeFingerprint(good.fingerprintSha256)]);
}, 240_000);
