import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, requireProgram, startProgram } from '@viw/testing';

const repository = resolve(__dirname, '../../../..');

/** Many processes start here, on whatever machine: this is against hanging only. */
export const patience = { timeoutMs: 90_000 };

type Environment = Readonly<Record<string, string>>;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run of the command line. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Until it has said so, to whichever stream. */
  said(text: string | RegExp): Promise<void>;
}

/** The command line as it is shipped, one process per run. */
export class Viw {
  readonly #running = new Set<ChildProcess>();

  private constructor(
    /** For files of the tests; gone with `close`. */
    readonly dir: string,
    private readonly program: string,
  ) {}

  static async built(): Promise<Viw> {
    const dir = await mkdtemp(join(tmpdir(), 'viw-command-line-'));
    const program = join(dir, 'viw');
    const bundle = join(repository, 'tools/build/bundle.mjs');
    const build = await startProgram({
      name: 'esbuild',
      argv: [process.execPath, bundle, program],
      cwd: join(repository, 'apps/cli'),
    });
    const { code } = await build.exited;
    if (code !== 0) throw new Error(build.output());
    return new Viw(dir, program);
  }

  /** @param env its whole environment */
  start(args: readonly string[], env: Environment, input?: string): Running {
    const { child, running } = this.#spawn([process.execPath, this.program, ...args], env);
    child.stdin.end(input ?? '');
    return running;
  }

  /** With a person at a terminal, who sees both standard streams as standard output. Arguments are words without quotes. */
  startAtTerminal(args: readonly string[], env: Environment): Running & { type(text: string): void } {
    const line = [process.execPath, this.program, ...args].join(' ');
    const argv = [requireProgram('script'), '-qfec', line, '/dev/null'] as const;
    const { child, running } = this.#spawn(argv, { ...env, SHELL: '/bin/sh' });
    return { ...running, type: (text) => void child.stdin.write(text) };
  }

  #spawn([program, ...argv]: readonly [string, ...string[]], env: Environment) {
    const child = spawn(program, argv, { env, stdio: 'pipe' });
    this.#running.add(child);
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (part: string) => (text[name] += part));
    child.stdin.on('error', () => undefined);
    const ended = new Promise<Ended>((done, failed) => {
      child.once('error', failed);
      child.once('close', (status) => {
        this.#running.delete(child);
        done({ status, ...text });
      });
    });
    const said: Running['said'] = (words) =>
      eventually(async () => {
        expect(text.stderr + text.stdout).toMatch(words);
      }, patience);
    return { child, running: { ended, said } };
  }

  run(args: readonly string[], env: Environment, input?: string): Promise<Ended> {
    return this.start(args, env, input).ended;
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await rm(this.dir, { recursive: true });
  }
}
