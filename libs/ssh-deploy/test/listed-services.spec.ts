import { chmod, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sudoersLine } from '@viw/contracts';
import { servedCertificate, startHaproxy, startNginx, type Haproxy, type Nginx } from '@viw/testing';
import { normalizeFingerprint, type DeployTarget, type ServiceOptions } from '@viw/ssh-deploy';
import { materialsIn, type Materials } from './materials';
import { deployWithLog } from './rig';
import { maySudo, startSudoServer, type SudoServer } from './sudo-server';

const balanced = 'balanced.viw.example';
const listed = 'listed.viw.example';
const whereSudo = maySudo ? describe : describe.skip;

whereSudo('services that root has listed on the server', () => {
  let server: SudoServer;
  let haproxy: Haproxy;
  let web: Nginx;
  let scratch: string;
  let make: Materials;
  let loose: string;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'viw-listed-'));
    await chmod(scratch, 0o755);
    loose = join(scratch, 'loose');
    await writeFile(loose, '#!/bin/sh\n', { mode: 0o755 });
    await chmod(loose, 0o777);
    make = materialsIn(scratch);
    haproxy = await startHaproxy({ names: [balanced] });
    const root = dirname(haproxy.certDir(balanced));
    web = await startNginx({ sites: [{ names: [listed], certDir: join(root, listed) }] });
    const line = (word: string, [program, ...options]: readonly string[]): string[] => [
      `${word} ${program}`,
      ...options.map((option) => `${word}-argument ${option}`),
    ];
    server = await startSudoServer(sudoersLine, [
      `certificates ${root}`,
      'service haproxy',
      ...line('check', ['/usr/sbin/haproxy', '-c', '-f', haproxy.configDir]),
      ...line('reload', ['/usr/bin/kill', '-USR2', String(haproxy.pid)]),
      'service other-web',
      ...line('check', web.testCommand),
      ...line('reload', web.reloadCommand),
      'service loose',
      ...line('check', [loose]),
      ...line('reload', [loose]),
      'service half',
      ...line('check', ['/usr/bin/true']),
    ]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), haproxy.stop(), web.stop()]);
    await rm(scratch, { recursive: true });
  });

  const target = (name: string, service: ServiceOptions): DeployTarget => ({
    certDir: join(dirname(haproxy.certDir(balanced)), name),
    service,
    installer: server.installer,
    listeners: [
      { host: '127.0.0.1', port: name === balanced ? haproxy.httpsPort : web.httpsPort, servername: name },
    ],
  });
  const viaHaproxy = (): DeployTarget =>
    target(balanced, { kind: 'haproxy', configFile: '/etc/haproxy/haproxy.cfg' });
  const viaList = (name: string, form: 'pair' | 'combined' = 'pair'): DeployTarget =>
    target(listed, { kind: 'command', name, form });
  const served = async (port: number, servername: string): Promise<string> =>
    normalizeFingerprint((await servedCertificate({ port, servername })).fingerprint256);

  it('HAProxy gets one file, root’s own, and is reloaded by what root has listed', async () => {
    const first = await make.material('v1', balanced);
    const outcome = await deployWithLog(server, viaHaproxy(), first);
    expect(outcome.error).toBeUndefined();
    expect(await served(haproxy.httpsPort, balanced)).toBe(normalizeFingerprint(first.fingerprintSha256));
    const directory = join(viaHaproxy().certDir, 'versions/v1');
    expect(await readdir(directory)).toEqual(['combined.pem']);
    const { uid, mode } = await stat(join(directory, 'combined.pem'));
    expect([uid, mode & 0o777]).toEqual([0, 0o600]);
    expect(await readdir(join(server.home, '.viw-staging'))).toEqual([]);

    const again = await deployWithLog(server, viaHaproxy(), first);
    expect(again.result).toMatchObject({ alreadyCurrent: true });

    const weak = await deployWithLog(server, viaHaproxy(), await make.tooWeak('weak', balanced));
    expect(weak.error).toMatchObject({
      code: 'SERVICE_CONFIG_INVALID',
      meta: { phase: 'after', rollback: 'done' },
    });
    expect(await readlink(join(viaHaproxy().certDir, 'current'))).toBe('versions/v1');
    expect(await readdir(join(viaHaproxy().certDir, 'versions'))).toEqual(['v1']);
    expect(await served(haproxy.httpsPort, balanced)).toBe(normalizeFingerprint(first.fingerprintSha256));
  });

  it('any other program, by the name in the list', async () => {
    const first = await make.material('v1', listed);
    const outcome = await deployWithLog(server, viaList('other-web'), first);
    expect(outcome.error).toBeUndefined();
    expect(await served(web.httpsPort, listed)).toBe(normalizeFingerprint(first.fingerprintSha256));
  });

  it.each([
    ['a service that is not in the list', 'postfix', 'lists no check of a service postfix'],
    ['a program that others may change', 'loose', 'is not a program that only root can change'],
  ])('refuses %s before anything is touched', async (_what, name, words) => {
    const before = await readdir(join(viaList(name).certDir, 'versions'));
    const outcome = await deployWithLog(server, viaList(name), await make.material('v2', listed));
    expect(outcome.error).toMatchObject({
      code: 'DEPLOY_REFUSED',
      message: expect.stringContaining(words) as string,
    });
    expect(outcome.log).toEqual(['connect done', 'preflight failed']);
    expect(await readdir(join(viaList(name).certDir, 'versions'))).toEqual(before);
  });

  it.each([
    ['reload half\n', 'lists no reload of a service half'],
    ['reload /usr/bin/id\n', 'cannot name a service'],
    ['reload -h\n', 'cannot name a service'],
    ['test other-web extra\n', 'knows no such request'],
    ['version haproxy\n', 'knows no such request'],
    ['reload\n', 'names no nginx'],
    ['reload other-web;id\n', 'holds what no request holds'],
  ])('refuses %j', async (request, words) => {
    const { rc, stderr, stdout } = await server.ask(request);
    expect({ rc, stdout }).toEqual({ rc: 65, stdout: '' });
    expect(stderr).toContain(words);
  });
});
