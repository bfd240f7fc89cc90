import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@viw/testing';
import { version } from '../package.json';
import { bundleApp } from './bundle';
import { scratch } from './scratch';

/** The shipped program, as a person uses it. */
let bundle: string;
let root: string;

beforeAll(async () => {
  bundle = await bundleApp('gateway-agent');
}, 60_000);
beforeEach(async () => {
  root = await scratch('cli');
  await writeFile(join(root, 'token'), `viw_enroll_${'A'.repeat(43)}\n`);
  await writeFile(join(root, 'no-token'), 'canary');
});

function viwAgent(args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(
      process.execPath,
      [bundle, ...args],
      { env: { GATEWAY_AGENT_STATE_DIR: join(root, 'state'), ...env }, cwd: root },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const token = '--token-file=token';

it('says its version and how it is used', async () => {
  expect(await viwAgent(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  for (const args of [['--help'], ['help'], ['enroll', '--help']])
    expect(await viwAgent(args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('viw-agent doctor') as string,
    });
});

it.each([
  [['enrol'], /unknown command/],
  [['enroll', '--url=https://b.example.org'], /--token-file is needed/],
  [['enroll', '--url=https://b.example.org', '--token=canary'], /--token-file/],
  [['enroll', '--url=https://b.example.org', '--token-file=no-token'], /not an enrolment token/],
  [['enroll', token], /--url/],
  [['enroll', '--url=http://b.example.org', token], /in the clear/],
  [['enroll', '--url=https://b.example.org', token, '--pin=canary'], /--pin/],
  [['enroll', '--url=https://b.example.org', '--token-file=/nonexistent'], /--token-file.*ENOENT/],
  [
    ['enroll', '--url=https://b.example.org', token, '--command-keys=/nonexistent/keys.json'],
    /--command-keys.*ENOENT/,
  ],
  [['status', 'canary'], /only --options/],
  [['doctor', '--jsn'], /unknown option --jsn/],
])('%j is a wrong command line: status 64, and no word of what was given', async (args, message) => {
  const { code, stdout, stderr } = await viwAgent(args);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/canary|AAAA/);
  expect((await readdir(root)).sort()).toEqual(['no-token', 'token']);
});

it('uses up no token before it knows the helper’s keys, and says how they are given', async () => {
  const port = await freePort();
  const enroll = ['enroll', `--url=http://127.0.0.1:${port}`, token];
  expect(await viwAgent(enroll)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--helper-keys') as string,
  });
  await writeFile(join(root, 'keys.json'), '{"sealing":"canary"}');
  const wrong = await viwAgent([...enroll, `--helper-keys=${join(root, 'keys.json')}`]);
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('viw-host-helper keys') as string });
  expect(await viwAgent([...enroll, '--no-helper'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot be reached: ECONNREFUSED') as string,
  });
  // It may have arrived: the next attempt is by the same key.
  expect(await readdir(join(root, 'state'))).toEqual([
    expect.stringMatching(/^enrolling-key-[0-9a-f]{32}\.pem$/),
  ]);
});

it('status and renew say that no agent runs, that the host is not enrolled', async () => {
  expect(await viwAgent(['status'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('it does not run') as string,
  });
  expect(await viwAgent(['renew'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not enrolled') as string,
  });
});

it('a setting by flag is stronger than by environment, that is stronger than by file', async () => {
  const config = join(root, 'gateway-agent.toml');
  await writeFile(config, `state_dir = "${join(root, 'by-file')}"\n`);
  const asked = async (args: string[], env: Record<string, string>): Promise<string> =>
    (await viwAgent(['status', ...args], { VIW_CONFIG_DIR: root, GATEWAY_AGENT_STATE_DIR: '', ...env }))
      .stderr;
  expect(await asked([], {})).toContain('by-file');
  const env = { GATEWAY_AGENT_STATE_DIR: join(root, 'by-env') };
  expect(await asked([], env)).toContain('by-env');
  expect(await asked([`--state-dir=${join(root, 'by-flag')}`], env)).toContain('by-flag');
});
