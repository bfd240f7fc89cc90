import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const checkout = resolve(__dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'viw-package-'));
const packageFolder = join(folder, 'package');
const root = join(folder, 'root');

function run(argv: readonly [string, ...string[]], input = '') {
  const [file, ...rest] = argv;
  const { status, stdout, stderr } = spawnSync(file, rest, { cwd: checkout, encoding: 'utf8', input });
  return { status, output: stdout + stderr };
}
const install = (...args: string[]) => run([join(packageFolder, 'install.sh'), '--root', root, ...args]);
const installed = (): string[] =>
  existsSync(root)
    ? readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
        .sort()
    : [];
const modeOf = (path: string): string => (statSync(join(root, path)).mode & 0o777).toString(8);

beforeAll(() => {
  const made = run([process.execPath, 'tools/packaging/make-gateway-package.mjs', packageFolder]);
  if (made.status !== 0) throw new Error(made.output);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programs = ['/usr/lib/viw/gateway-agent/main.js', '/usr/lib/viw/host-helper/main.js'];
const kept = [
  '/etc/viworks/gateway-agent.env',
  '/etc/viworks/host-helper.env',
  '/etc/viworks/host_helper.secret',
];

test('each program is one file that runs without node_modules', () => {
  for (const file of ['gateway-agent.js', 'host-helper.js']) {
    const bare = mkdtempSync(join(folder, 'bare-'));
    const { status } = spawnSync(process.execPath, [join(packageFolder, file)], { cwd: bare, env: {} });
    // Disabled by default: it says so and ends well.
    expect([file, status]).toEqual([file, 0]);
  }
});

test('nothing is changed by a dry run, or without a yes', () => {
  expect(install('--dry-run')).toMatchObject({
    status: 0,
    output: expect.stringContaining(programs[0] ?? '') as string,
  });
  expect(run([join(packageFolder, 'install.sh'), '--root', root], 'n\n')).toMatchObject({
    status: 1,
    output: expect.stringContaining('nothing was changed') as string,
  });
  expect(installed()).toEqual([]);
});

test('install, upgrade, uninstall, purge', () => {
  expect(install('--yes')).toMatchObject({ status: 0 });
  expect(installed()).toEqual(
    expect.arrayContaining([...programs, ...kept, '/usr/bin/viw-agent', '/usr/bin/viw-host-helper']),
  );
  const secret = () => readFileSync(join(root, '/etc/viworks/host_helper.secret'), 'utf8');
  const first = secret();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect([modeOf('/etc/viworks'), ...kept.map(modeOf)]).toEqual(['750', '600', '600', '400']);

  appendFileSync(join(root, '/etc/viworks/host-helper.env'), 'HOST_HELPER_AGENT_ID=gw-1\n');
  writeFileSync(join(root, programs[1] ?? ''), 'old');
  expect(install('--yes')).toMatchObject({ status: 0 });
  expect(secret()).toBe(first);
  expect(readFileSync(join(root, '/etc/viworks/host-helper.env'), 'utf8')).toContain(
    'HOST_HELPER_AGENT_ID=gw-1',
  );
  expect(readFileSync(join(root, programs[1] ?? ''), 'utf8')).not.toBe('old');

  expect(install('uninstall', '--yes')).toMatchObject({ status: 0 });
  expect(installed()).toEqual(kept);
  expect(install('uninstall', '--purge', '--yes')).toMatchObject({ status: 0 });
  expect(installed()).toEqual([]);
});

test('the helper alone, for an agent in a container', () => {
  expect(install('--yes', '--without-agent')).toMatchObject({ status: 0 });
  expect(installed().filter((path) => path.includes('agent'))).toEqual([]);
  expect(installed()).toContain(programs[1]);
  install('uninstall', '--purge', '--yes');
});

test('a package that was changed, or arguments that make no sense, change nothing', () => {
  expect(install('--yes', '--purge')).toMatchObject({ status: 1 });
  expect(install('--force')).toMatchObject({
    status: 1,
    output: expect.stringContaining('unknown argument: --force') as string,
  });
  appendFileSync(join(packageFolder, 'host-helper.js'), '// more\n');
  expect(install('--yes')).toMatchObject({
    status: 1,
    output: expect.stringContaining('the package is damaged or was changed') as string,
  });
  expect(installed()).toEqual([]);
});
