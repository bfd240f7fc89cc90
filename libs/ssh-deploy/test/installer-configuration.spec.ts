import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sudoersLine } from '@viw/contracts';
import { DEPLOYER, maySudo, startSudoServer, type SudoServer } from './sudo-server';

const whereSudo = maySudo ? describe : describe.skip;

/** What root has written down is held against what root may trust, before any of it is used. */
whereSudo('the configuration of the installer', () => {
  let server: SudoServer;
  let base: string;
  let root: string;
  let marks: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'viw-conf-'));
    await chmod(base, 0o755);
    [root, marks] = [join(base, 'certificates'), join(base, 'marks')];
    for (const folder of [root, marks]) await mkdir(folder, { mode: 0o755 });
    server = await startSudoServer(sudoersLine, [`certificates ${root}`]);
  }, 30_000);
  afterAll(async () => {
    await server.stop();
    await rm(base, { recursive: true });
  });

  const configure = (...lines: string[]): Promise<void> =>
    writeFile(join(server.etc, 'viw/cert-install.conf'), lines.map((line) => `${line}\n`).join(''));
  /** A program of root's that leaves a mark when it is run. */
  const program = async (folder: string): Promise<string> => {
    const path = join(base, folder, 'nginx');
    await mkdir(join(base, folder), { recursive: true, mode: 0o755 });
    await writeFile(path, `#!/bin/sh\n: >${marks}/$$\n`, { mode: 0o755 });
    return path;
  };
  const isRun = async (): Promise<void> => {
    for (const request of ['version', 'test', 'reload'])
      expect(await server.ask(`${request}\n`)).toMatchObject({ rc: 0, stderr: '' });
    expect((await readdir(marks)).length).toBe(3);
    for (const mark of await readdir(marks)) await rm(join(marks, mark));
  };
  const isRefused = async (words: string, requests = ['version', 'test', 'reload']): Promise<void> => {
    for (const request of requests) {
      const { rc, stdout, stderr } = await server.ask(`${request}\n`);
      expect({ request, rc, stdout }).toEqual({ request, rc: 65, stdout: '' });
      expect(stderr).toContain(words);
    }
    expect(await readdir(marks)).toEqual([]);
  };

  it('an nginx that only root can change is run', async () => {
    await configure(`certificates ${root}`, `nginx ${await program('sound')}`);
    await isRun();
  });

  it.each([
    ['of another owner', (path: string) => chown(path, DEPLOYER.uid, 0)],
    ['that its group may write', (path: string) => chmod(path, 0o775)],
    ['that anybody may write', (path: string) => chmod(path, 0o757)],
    [
      'that is a link',
      async (path: string) => {
        await rm(path);
        await symlink(await program('behind'), path);
      },
    ],
  ])('an nginx %s is not', async (_, spoil) => {
    const path = await program('spoiled');
    await spoil(path);
    await configure(`certificates ${root}`, `nginx ${path}`);
    await isRefused(`${path} is not a program that only root can change`);
    await rm(path);
  });

  it.each([
    ['of another owner', (path: string) => chown(path, DEPLOYER.uid, 0)],
    ['that its group may write', (path: string) => chmod(path, 0o775)],
    ['that anybody may write', (path: string) => chmod(path, 0o777)],
  ])('nor is one below a directory %s', async (_, spoil) => {
    const folder = join(base, 'above');
    const path = await program('above/sbin');
    await spoil(folder);
    await configure(`certificates ${root}`, `nginx ${path}`);
    await isRefused(`${folder} is not a directory that only root can change`);
    await rm(folder, { recursive: true });
  });

  it('one that is not there is told of as such', async () => {
    await configure(`certificates ${root}`, `nginx ${root}/nginx`);
    expect(await server.ask('test\n')).toMatchObject({
      rc: 127,
      stderr: expect.stringContaining('not found') as string,
    });
  });

  it.each([
    [
      'service mail',
      ['service mail', 'check /usr/bin/true', 'service other', 'service mail', 'check-argument x'],
    ],
    ['check of the service mail', ['service mail', 'check /usr/bin/true', 'check /usr/bin/false']],
    ['reload of the service mail', ['service mail', 'reload /usr/bin/true', 'reload /usr/bin/true']],
    ['nginx', ['nginx /usr/bin/true']],
    ['certificates', ['certificates /etc']],
  ])('what is listed twice is refused, whatever is asked: %s', async (what, lines) => {
    await configure(`certificates ${root}`, 'nginx /usr/bin/true', ...lines);
    await isRefused(`/etc/viw/cert-install.conf lists more than one: ${what}`, [
      'check',
      'test',
      'test mail',
      `switch ${root}/a v1`,
    ]);
  });

  it('a service by what no virtual host can name', async () => {
    await configure(`certificates ${root}`, 'service a|b', 'check /usr/bin/true');
    await isRefused('lists a service by what cannot name one', ['check']);
  });
});
