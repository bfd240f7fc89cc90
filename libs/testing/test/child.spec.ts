import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually, freePort, startProgram } from '../src/index';
import { isAlive } from '../src/process-table';

const node = process.execPath;
const idle = 'setInterval(() => {}, 1000);';

test('waits for a line, keeps the output, ends in an orderly way', async () => {
  const program = await startProgram({
    name: 'greeter',
    argv: [node, '-e', `process.on('SIGTERM', () => process.exit(7)); ${idle} console.log('I am up');`],
    readyWhen: { line: /am up/ },
  });
  expect(program.output()).toBe('I am up\n');
  expect(await program.stop()).toEqual({ code: 7, signal: null });
  expect(isAlive(program.pid)).toBe(false);
  expect(program.running).toBe(false);
});

test('waits for a port', async () => {
  const port = await freePort();
  const program = await startProgram({
    name: 'listener',
    argv: [node, '-e', `setTimeout(() => require('net').createServer().listen(${port}, '127.0.0.1'), 100)`],
    readyWhen: { port },
  });
  expect(await program.kill()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('at its end its last words are there, whoever may still hold its pipes', async () => {
  const talk = (script: string) => startProgram({ name: 'talker', argv: ['/bin/sh', '-c', script] });
  const talkers = await Promise.all(Array.from({ length: 40 }, () => talk('echo last words')));
  for (const talker of talkers) {
    expect(await talker.exited).toEqual({ code: 0, signal: null });
    expect(talker.output()).toBe('last words\n');
  }
  const parent = await talk('sleep 300 & echo "$!"');
  expect(await parent.exited).toEqual({ code: 0, signal: null });
  const holder = Number(parent.output());
  expect(isAlive(holder)).toBe(true);
  process.kill(holder, 'SIGKILL');
});

test('SIGKILL when it does not heed the stop signal', async () => {
  const program = await startProgram({
    name: 'stubborn',
    argv: [node, '-e', `process.on('SIGTERM', () => {}); ${idle} console.log('up')`],
    readyWhen: { line: /up/ },
    stopTimeoutMs: 100,
  });
  expect(await program.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('an early end and a missed deadline are told with the last output', async () => {
  const ending = startProgram({
    name: 'ender',
    argv: [node, '-e', "console.error('no configuration'); process.exitCode = 3"],
    readyWhen: { line: /never/ },
  });
  await expect(ending).rejects.toThrow(
    /^ender did not start: it ended \(code 3, signal null\)\nno configuration/,
  );
  const silent = startProgram({
    name: 'silent',
    argv: [node, '-e', idle],
    readyWhen: { line: /never/ },
    readyTimeoutMs: 200,
  });
  await expect(silent).rejects.toThrow(/^silent did not start: not ready after 200 ms/);
});

test('nothing of our environment but the named few reaches it; the log file is private and appended to', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
  const logFile = join(dir, 'out.log');
  process.env['VIW_TEST_LEAK'] = 'secret';
  for (const name of ['one', 'two']) {
    const program = await startProgram({
      name,
      argv: [node, '-p', 'process.env.VIW_TEST_LEAK + process.env.WHO'],
      env: { WHO: name },
      logFile,
    });
    await program.exited;
    expect(program.output()).toBe(`undefined${name}\n`);
  }
  delete process.env['VIW_TEST_LEAK'];
  expect(await readFile(logFile, 'utf8')).toBe('undefinedone\nundefinedtwo\n');
  expect((await stat(logFile)).mode & 0o777).toBe(0o600);
  await rm(dir, { recursive: true });
});

test('a program that does not exist', async () => {
  await expect(
    startProgram({ name: 'ghost', argv: ['/nonexistent/ghost'], readyWhen: { line: /^never said$/ } }),
  ).rejects.toThrow('ghost did not start');
});

describe('children do not outlive us', () => {
  let dir: string;
  let bundle: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
    bundle = join(dir, 'parent.js');
    const source = `
      import { startProgram } from '@viw/testing/child';
      async function main() {
        // Ready when it has asked the kernel for its signal: before that nothing ends it.
        const script = 'setInterval(() => {}, 1000); console.log("up")';
        const argv = [process.execPath, '-e', script];
        const program = await startProgram({ name: 'child', argv, readyWhen: { line: /up/ } });
        console.log(program.pid);
        if (process.argv[2] === 'exit') process.exit(0);
      }
      void main();`;
    const alias = `--alias:@viw/testing/child=${join(__dirname, '../src/child.ts')}`;
    const esbuild = require.resolve('esbuild/bin/esbuild');
    execFileSync(
      esbuild,
      ['--bundle', '--platform=node', '--log-level=warning', alias, `--outfile=${bundle}`],
      {
        input: source,
        cwd: join(__dirname, '..'),
        stdio: ['pipe', 'ignore', 'inherit'],
      },
    );
  });
  afterAll(() => rm(dir, { recursive: true }));

  test.each([
    ['exits', 'exit'],
    ['is killed', 'wait'],
  ])('when our process %s', async (_, how) => {
    // Not a part of jest: there its children would not keep it alive.
    const { JEST_WORKER_ID: _jest, ...env } = process.env;
    const parent = spawn(node, [bundle, how], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(parent, 'exit');
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    const pid = Number(line);
    if (how === 'wait') {
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
    }
    await ended;
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });
});
