import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sudoersLine } from '@viw/contracts';
import { maySudo, startSudoServer, type SudoServer } from './sudo-server';

/** What the sign-in user, in foreign hands, may try against root's installer. */
const whereSudo = maySudo ? describe : describe.skip;
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
const chain = 'a chain\n';
const key = 'a key\n';
const digests = `${sha256(chain)} ${sha256(key)}`;

whereSudo('the installer in hostile hands', () => {
  let server: SudoServer;
  let base: string;
  let root: string;
  let staging: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'viw-hostile-'));
    chmodSync(base, 0o755);
    root = join(base, 'certificates');
    await mkdir(root, { mode: 0o755 });
    server = await startSudoServer(sudoersLine, [`certificates ${root}`, 'nginx /usr/bin/true']);
    staging = join(server.home, '.viw-staging');
  });
  afterAll(async () => {
    await server.stop();
    await rm(base, { recursive: true, force: true });
  });

  const sh = (script: string) => server.run(['sh', '-c', script]);
  /** Stages a pair as the user would, then spoils it. */
  const stage = async (name: string, version: string, then = ':'): Promise<void> => {
    const folder = `${staging}/${name}@${version}`;
    const { rc, stderr } = await sh(
      `umask 077; mkdir -p ${folder} && cd ${folder} && printf 'a chain\\n' >fullchain.pem && printf 'a key\\n' >privkey.pem && ${then}`,
    );
    expect([rc, stderr]).toEqual([0, '']);
  };
  const tree = async (): Promise<string[]> => (await readdir(root, { recursive: true })).sort();
  const refused = async (request: string, words: RegExp | string = ''): Promise<void> => {
    const before = await tree();
    const { rc, stdout, stderr } = await server.ask(request);
    expect({ request, rc, stdout }).toEqual({ request, rc: 65, stdout: '' });
    expect(stderr).toMatch(words);
    expect(await tree()).toEqual(before);
  };

  it('sudo lets nothing else be run, and no argument be given', async () => {
    for (const argv of [
      ['/usr/local/sbin/viw-cert-install', 'check'],
      ['/usr/local/sbin/viw-cert-install', ''],
      ['-u', '#1', '/usr/local/sbin/viw-cert-install'],
      ['/bin/sh', '/usr/local/sbin/viw-cert-install'],
      ['SUDO_UID=0', '/usr/local/sbin/viw-cert-install'],
      ['-E', 'PATH=/tmp', '/usr/local/sbin/viw-cert-install'],
      ['/bin/true'],
    ]) {
      const { rc } = await server.run(['sudo', '-n', ...argv], 'check\n');
      expect({ argv, rc }).toEqual({ argv, rc: 1 });
    }
    expect((await server.run(['/usr/local/sbin/viw-cert-install'], 'check\n')).rc).toBe(65);
  });

  it('requests that are not exactly one of its own', async () => {
    for (const request of [
      ...[
        '',
        '\n',
        'check',
        'check\ncheck\n',
        'check\n\n',
        'check more\n',
        ' \n',
        'CHECK\n',
        '-h\n',
        '--help\n',
      ],
      ...[
        'check;id\n',
        'check $(id)\n',
        'check `id`\n',
        "check '\n",
        'check *\n',
        'check\t\n',
        'check\u00e9\n',
      ],
      ...[`${'a'.repeat(1024)}\n`, `check${' '.repeat(2_000)}\n`, 'test -c /tmp/x\n', 'reload now\n'],
    ])
      await refused(request);
  });

  it('directories that do not lie directly in the configured one', async () => {
    for (const directory of [
      ...['/etc', '/', root, `${root}/`, `${root}/.`, `${root}/..`, `${root}/../x`, `${root}/a/../../x`],
      ...[
        `${root}/a/b`,
        `${root}//a`,
        `${root}x/a`,
        `/.${root}/a`,
        `${root}/.hidden`,
        `${root}/-rf`,
        'a',
        '-rf',
      ],
      ...[`${root}/a/`, `${root}/${'a'.repeat(129)}`, `${server.home}/a`],
    ])
      await refused(`switch ${directory} v1\n`, 'the directory is not one in');
  });

  it('versions that are paths, options or two lines', async () => {
    for (const version of ['..', '.', '.incoming', '../x', 'a/b', '-rf', '--', '/etc', 'a'.repeat(129)])
      for (const request of [`remove ${root}/a ${version}\n`, `install ${root}/a ${version} ${digests}\n`])
        await refused(request, 'this cannot name a version');
    await refused(`switch ${root}/a v1\nremove ${root}/a v2\n`);
    await refused(`install ${root}/a v1 ${sha256(chain).toUpperCase()} ${sha256(key)}\n`, 'not SHA-256');
    await refused(`install ${root}/a v1 ${sha256(chain).toUpperCase()}\n`, 'not SHA-256');
    await refused(`install ${root}/a v1\n`);
    await refused(`install ${root}/a v1 ${digests} ${sha256(key)}\n`);
  });

  const attempt = async (name: string, words = /not staged as|not what the request/): Promise<void> => {
    const { rc, stderr } = await server.ask(`install ${root}/${name} v1 ${digests}\n`);
    expect([rc, stderr]).toEqual([65, expect.stringMatching(words)]);
    expect(await readdir(join(root, name, 'versions'))).toEqual([]);
  };

  it('staged files that are links, pipes, directories, too open, too large, or somebody else’s', async () => {
    const spoiled = {
      link: 'mv privkey.pem real && ln -s real privkey.pem',
      shadow: 'ln -sf /etc/shadow privkey.pem',
      pipe: 'rm privkey.pem && mkfifo -m 0600 privkey.pem',
      folder: 'rm privkey.pem && mkdir privkey.pem',
      open: 'chmod 0644 privkey.pem',
      missing: 'rm privkey.pem',
      other: "printf 'another key\\n' >privkey.pem",
      large: 'head -c 10000000 /dev/zero >privkey.pem',
      device: 'ln -sf /dev/zero privkey.pem',
    };
    for (const [name, then] of Object.entries(spoiled)) {
      await stage(name, 'v1', then);
      await attempt(name);
    }
  });

  it('a staging folder that leads elsewhere gives nothing that the user could not read', async () => {
    const secret = join(base, 'secret');
    await mkdir(secret, { mode: 0o700 });
    await writeFile(join(secret, 'fullchain.pem'), chain, { mode: 0o600 });
    await writeFile(join(secret, 'privkey.pem'), key, { mode: 0o600 });
    await sh(`mkdir -p ${staging}; ln -s ${secret} ${staging}/elsewhere@v1`);
    await attempt('elsewhere', /not staged as/);
    // Even when it looks like the user's own.
    for (const file of ['fullchain.pem', 'privkey.pem']) await chown(join(secret, file), 54_321, 54_321);
    await attempt('elsewhere', /not staged as/);
  });

  it('a race of file and link: what is installed is the user’s file or nothing, never the link’s target', async () => {
    // Root could read it; a pair of these digests would be installed if root did.
    const target = join(base, 'roots-own');
    await writeFile(target, 'only root\n', { mode: 0o600 });
    const wanted = `${sha256(chain)} ${sha256('only root\n')}`;
    await stage('race', 'v1');
    const folder = `${staging}/race@v1`;
    const racer = spawn(
      'setpriv',
      [
        ...['--reuid=54321', '--regid=54321', '--clear-groups', 'sh', '-c'],
        `umask 077; cd ${folder}; while :; do ln -sf ${target} l; mv -f l privkey.pem; printf x >f; mv -f f privkey.pem; done`,
      ],
      { stdio: 'ignore' },
    );
    try {
      for (let round = 0; round < 15; round++)
        expect((await server.ask(`install ${root}/race v1 ${wanted}\n`)).rc).toBe(65);
    } finally {
      racer.kill('SIGKILL');
      await new Promise((resolve) => racer.once('exit', resolve));
    }
    expect(await readdir(join(root, 'race/versions'))).toEqual([]);
  });

  it('what is in service is not removed, replaced or lost; root’s folders that others may change are not used', async () => {
    const dir = join(root, 'own');
    const ask = async (verb: string, version: string, more = ''): Promise<number> =>
      (await server.ask(`${verb} ${dir} ${version}${more}\n`)).rc;
    for (const version of ['v1', 'v2']) {
      await stage('own', version);
      expect(await ask('install', version, ` ${digests}`)).toBe(0);
      expect(await ask('switch', version)).toBe(0);
    }
    expect(await ask('install', 'v2', ` ${digests}`)).toBe(65);
    expect(await ask('remove', 'v2')).toBe(65);
    expect(await ask('remove', 'v1')).toBe(65);
    expect(await ask('switch', 'v3')).toBe(65);
    expect(await ask('holds', 'v2', ` ${digests}`)).toBe(0);
    expect(await ask('holds', 'v2', ` ${sha256(chain)} ${sha256(chain)}`)).toBe(11);
    expect(await ask('restore', 'v2')).toBe(0);
    expect(await readlink(join(dir, 'current'))).toBe('versions/v1');
    expect(await readFile(join(dir, 'current/privkey.pem'), 'utf8')).toBe(key);
    expect((await stat(join(dir, 'versions/v1/privkey.pem'))).mode & 0o777).toBe(0o600);
    expect((await sh(`cat ${dir}/current/privkey.pem`)).rc).not.toBe(0);
    // A second `restore` would leave nothing to go back to.
    expect(await ask('restore', 'v1')).toBe(65);
    // A foreign file in a version stays, and the version with it.
    await writeFile(join(dir, 'versions/v2/foreign'), '');
    expect(await ask('remove', 'v2')).toBe(74);

    await chown(dir, 54_321, 54_321);
    await refused(`switch ${dir} v1\n`, 'not a directory that only root can change');
    await chown(dir, 0, 0);
    chmodSync(root, 0o777);
    await refused('check\n', 'not a directory that only root can change');
    chmodSync(root, 0o755);
    expect((await server.ask('check\n')).rc).toBe(0);
  });
});
