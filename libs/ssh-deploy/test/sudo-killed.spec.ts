import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sudoersLine } from '@viw/contracts';
import { runTool, startProgram } from '@viw/testing';
import { normalizeFingerprint } from '../src';
import { build } from 'esbuild';
import type { KilledDeployment } from './killed-deployment';
import { deployWithLog, startRig } from './rig';
import { maySudo, startSudoServer } from './sudo-server';

const folder = join(__dirname, '..', 'dist', `test-sudo-${process.pid}`);
const bundle = join(folder, 'killed-deployment.js');
const site = 'killed.example';
const whereSudo = maySudo ? it : it.skip;

whereSudo(
  'killed on its way through the installer: a valid pair stays, the next run finishes, no key stays in the home',
  async () => {
    await build({
      entryPoints: [join(__dirname, 'killed-deployment.ts')],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      external: ['ssh2', 'ssh2/*'],
      logLevel: 'silent',
    });
    const rig = await startRig([site]);
    const [program, , ...options] = rig.nginx.testCommand;
    const server = await startSudoServer(sudoersLine, [
      `certificates ${join(rig.nginx.prefix, 'tls')}`,
      `nginx ${program}`,
      ...options.map((option) => `nginx-argument ${option}`),
    ]);
    try {
      const target = rig.target(site, { installer: server.installer });
      const deaths: string[] = [];
      // Between the two files, before `install`, within the removal of what was staged, and around the switch.
      for (let dieBefore = 11, said = ''; said !== 'deployed'; dieBefore += 4) {
        const material = await rig.material(`v${dieBefore}`, site);
        const job: KilledDeployment = { login: server.login, target, material, dieBefore };
        const file = join(folder, `${dieBefore}.json`);
        await writeFile(file, JSON.stringify(job), { mode: 0o600 });
        const killed = await startProgram({ name: 'deployment', argv: [process.execPath, bundle, file] });
        await killed.exited;
        said = killed.output().trim();
        deaths.push(said);
        await runTool('nginx', rig.nginx.testCommand.slice(1));
        const resumed = await deployWithLog(
          { ...rig, pool: server.pool, login: server.login },
          target,
          material,
        );
        expect(resumed.error).toBeUndefined();
        expect(await rig.served(site)).toBe(normalizeFingerprint(material.fingerprintSha256));
        expect({ said, staged: await readdir(join(server.home, '.viw-staging')) }).toEqual({
          said,
          staged: [],
        });
      }
      expect(deaths.length).toBeGreaterThanOrEqual(5);
      expect(deaths.slice(0, -1).every((one) => one.startsWith('dies before'))).toBe(true);
    } finally {
      await Promise.all([rig.stop(), server.stop()]);
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
