import { appendFile, chmod, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sudoersLine } from '@viw/contracts';
import { normalizeFingerprint, probeNginxByInstaller } from '../src';
import { deployWithLog, startRig, type Rig } from './rig';
import { maySudo, startSudoServer, type SudoServer } from './sudo-server';

const sites = ['sound.example', 'bad.example', 'faults.example'];
let rig: Rig;
let server: SudoServer;
let through: Rig;
const whereSudo = maySudo ? describe : describe.skip;

whereSudo('a user who is not root deploys through the installer', () => {
  beforeAll(async () => {
    rig = await startRig(sites);
    const [program, , ...options] = rig.nginx.testCommand;
    server = await startSudoServer(sudoersLine, [
      '# of a test',
      `certificates ${join(rig.nginx.prefix, 'tls')}`,
      `nginx ${program}`,
      ...options.map((option) => `nginx-argument ${option}`),
    ]);
    through = { ...rig, login: server.login, pool: server.pool };
  });
  afterAll(() => Promise.all([rig.stop(), server.stop()]));

  const target = (site: string) => rig.target(site, { installer: server.installer });
  const staged = (): Promise<string[]> => readdir(join(server.home, '.viw-staging'));

  it('a certificate is put into service, again without a change, renewed, and old versions go', async () => {
    const site = 'sound.example';
    const { certDir } = target(site);
    const first = await rig.material('v1', site);
    const outcome = await deployWithLog(through, target(site), first);
    expect(outcome.error).toBeUndefined();
    expect(await rig.served(site)).toBe(normalizeFingerprint(first.fingerprintSha256));
    const facts = await Promise.all(
      ['', '/privkey.pem', '/fullchain.pem'].map((file) => stat(join(certDir, `versions/v1${file}`))),
    );
    expect(facts.map(({ uid, mode }) => [uid, mode & 0o777])).toEqual([
      [0, 0o700],
      [0, 0o600],
      [0, 0o600],
    ]);
    expect(await readlink(join(certDir, 'previous'))).toBe('self-signed');
    expect(await staged()).toEqual([]);

    const again = await deployWithLog(through, target(site), first);
    expect(again.result).toMatchObject({ alreadyCurrent: true });
    for (const version of ['v2', 'v3', 'v4'])
      await deployWithLog(through, target(site), await rig.material(version, site));
    expect(await readlink(join(certDir, 'current'))).toBe('versions/v4');
    expect(await readlink(join(certDir, 'previous'))).toBe('versions/v3');
    expect((await readdir(join(certDir, 'versions'))).sort()).toEqual(['v2', 'v3', 'v4']);
  });

  it('a key that NGINX refuses: the link goes back, the upload is removed, the old one is served', async () => {
    const site = 'bad.example';
    const old = await rig.served(site);
    const outcome = await deployWithLog(through, target(site), await rig.tooWeak('weak', site));
    expect(outcome.error).toMatchObject({
      code: 'NGINX_CONFIG_INVALID',
      meta: { phase: 'after', rollback: 'done' },
    });
    expect(await readlink(join(target(site).certDir, 'current'))).toBe('self-signed');
    expect(await readdir(join(target(site).certDir, 'versions'))).toEqual([]);
    expect(await rig.served(site)).toBe(old);
  });

  describe('what is missing is said before anything is touched', () => {
    const site = 'faults.example';
    const fails = async () => {
      const outcome = await deployWithLog(through, target(site), await rig.material('v1', site));
      expect(outcome.log).toEqual(['connect done', 'preflight failed']);
      expect(await readdir(target(site).certDir)).not.toContain('versions');
      return outcome.error;
    };
    const installed = (): string => join(server.sbin, 'viw-cert-install');
    const during = async (file: string, change: () => Promise<unknown>, work: () => Promise<void>) => {
      const content = await readFile(file);
      const { mode } = await stat(file);
      await change();
      try {
        await work();
      } finally {
        await writeFile(file, content, { mode });
        await chmod(file, mode & 0o777);
      }
    };

    it('no installer', () =>
      during(
        installed(),
        () => rm(installed()),
        async () =>
          expect(await fails()).toMatchObject({
            code: 'SSH_FAILED',
            retryable: false,
            message: expect.stringContaining(
              'viw-cert-install cannot be run: it is not on the server',
            ) as string,
          }),
      ));

    it('another installer than ours; sudo, too, would not run it', () =>
      during(
        installed(),
        () => appendFile(installed(), '# changed\n'),
        async () => {
          expect(await fails()).toMatchObject({
            code: 'DEPLOY_REFUSED',
            message: expect.stringContaining('is not the installer of this viw') as string,
          });
          expect((await server.ask('check\n')).rc).toBe(1);
        },
      ));

    it('no rule for sudo', () => {
      const rule = join(server.etc, 'sudoers.d/viw-cert-install');
      return during(
        rule,
        () => rm(rule),
        async () =>
          expect(await fails()).toMatchObject({
            code: 'SSH_FAILED',
            meta: { reason: 'command' },
            message: expect.stringMatching(/sudo does not let viw-deployer run it: .*password/) as string,
          }),
      );
    });

    it('a configuration that others may write', () => {
      const file = join(server.etc, 'viw/cert-install.conf');
      return during(
        file,
        () => chmod(file, 0o664),
        async () =>
          expect(await fails()).toMatchObject({
            code: 'DEPLOY_REFUSED',
            message: expect.stringContaining('is not a file that only root can change') as string,
          }),
      );
    });
  });

  it('the look shows version and test, and nothing of the configuration', async () => {
    const found = await server.pool.use(server.login, async (one) =>
      probeNginxByInstaller(await one.connect(), server.installer),
    );
    expect(found).toMatchObject({ configuration: 'valid', virtual_hosts: [] });
    expect(found.version).toMatch(/^nginx\//);
  });

  it('a directory outside the configured one is refused', async () => {
    const certDir = join(server.home, 'certs');
    await mkdir(certDir);
    const outcome = await deployWithLog(
      through,
      { ...target('bad.example'), certDir },
      await rig.material('v1', 'bad.example'),
    );
    expect(outcome.error).toMatchObject({ code: 'DEPLOY_REFUSED' });
    expect(await readdir(certDir)).toEqual([]);
  });
});
