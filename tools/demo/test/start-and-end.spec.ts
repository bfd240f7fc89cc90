import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, eventually, startProgram } from '@viw/testing';

const bundle = join(__dirname, '../dist/main.js');

/** The demo as a person runs it (its bundle has to be built). */
describe('starting and ending the demo', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'viw-start-'));
  });

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  const demo = (...args: string[]): Promise<Program> =>
    startProgram({ name: 'demo', argv: [process.execPath, bundle, `--dir=${dir}`, ...args] });

  async function ended(...args: string[]): Promise<{ code: number | null; said: string }> {
    const program = await demo(...args);
    const { code } = await program.exited;
    return { code, said: program.output() };
  }

  test('a second start leaves the first alone; Ctrl-C during the start ends it in order', async () => {
    const first = await demo();
    await eventually(() => expect(first.output()).toContain('✓ Redis'));
    for (const args of [[], ['--detach']])
      expect(await ended(...args)).toEqual({
        code: 1,
        said: expect.stringContaining('it runs already') as string,
      });
    expect(first.running).toBe(true);

    first.signal('SIGINT');
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(first.output()).toMatch(/viw demo: ended\n$/);
    expect(first.output()).not.toContain('starting it again');
    expect(await readdir(dir)).not.toEqual(expect.arrayContaining(['supervisor.pid']));
  });

  test('a folder that holds anything else is not emptied', async () => {
    await writeFile(join(dir, 'precious'), '');
    const { code, said } = await ended();
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('precious') as string });
    expect(await readdir(dir)).toEqual(['precious']);
  });

  test('--stop does not end the program that got the process id of a demo that had died', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    try {
      await writeFile(join(dir, 'supervisor.pid'), String(bystander.pid));
      expect(await ended('--stop')).toEqual({
        code: 0,
        said: expect.stringContaining('none is running') as string,
      });
      expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
    } finally {
      bystander.kill();
    }
  });
});
