import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { guardChild, withParentDeathSignal } from './exit-guard';
import { eventually } from './eventually';
import { descendants, isAlive } from './process-table';
import { type ProgramOutput, fromLogFile, fromPipes, lastLines } from './program-output';
import { type ReadyWhen, checkReady } from './ready';
import { StartError } from './start-error';

export interface ProgramOptions {
  /** For messages. */
  name: string;
  /** Program and its arguments; no shell. */
  argv: readonly [string, ...string[]];
  /** Added to PATH, HOME, LANG, TZ and TMPDIR; nothing else of our own environment reaches the child. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** The child appends its output here itself (mode 0600); without it the output is kept in memory only. */
  logFile?: string;
  readyWhen?: ReadyWhen;
  /** 30 000 by default. */
  readyTimeoutMs?: number;
  /** The signal for an orderly end; SIGTERM by default. */
  stopSignal?: NodeJS.Signals;
  /** After this long `stop` sends SIGKILL; 10 000 by default. */
  stopTimeoutMs?: number;
  /** What it gets when our own process dies; SIGKILL by default. */
  orphanSignal?: NodeJS.Signals;
  /** For servers that leave the processes that they have started behind: when those are ended too. */
  endsChildren?: 'at-kill' | 'at-kill-and-stop';
  /** Only for root. */
  runAs?: { uid: number; gid: number } | undefined;
}

export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string | undefined;
  /** Resolves when the process has ended, however it did, and its last words are in `output()`; never rejects. */
  readonly exited: Promise<ProgramExit>;
  readonly running: boolean;
  /** Standard output and error of this run, at most the last 256 KiB. */
  output(): string;
  /** Sends a signal and returns at once; false when the process has ended. */
  signal(signal: NodeJS.Signals): boolean;
  /** Sends a signal (SIGKILL by default) and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<ProgramExit>;
  /** Orderly end, SIGKILL after the limit; waits for the end. Harmless when it has ended. */
  stop(): Promise<ProgramExit>;
}

/**
 * Starts a child (attached, by exact argv) and waits until it is ready. It does not outlive this process.
 * @throws StartError `not-ready` when it ends or does not answer in time (it is killed first); the message has its last
 * 20 output lines.
 */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const program = new RunningProgram(options);
  try {
    await program.spawned;
    if (options.readyWhen) await program.waitUntilReady(options.readyWhen, options.readyTimeoutMs ?? 30_000);
  } catch (error) {
    if (program.running) await program.kill();
    const log = lastLines(program.output());
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError('not-ready', `${options.name} did not start: ${reason}${log ? `\n${log}` : ''}`);
  }
  return program;
}

class RunningProgram implements Program {
  readonly name: string;
  readonly logFile: string | undefined;
  readonly exited: Promise<ProgramExit>;
  readonly spawned: Promise<void>;
  private readonly child: ChildProcess;
  private readonly written: ProgramOutput;

  constructor(private readonly options: ProgramOptions) {
    this.name = options.name;
    this.logFile = options.logFile;
    const orphanSignal = options.orphanSignal ?? 'SIGKILL';
    const [command = '', ...args] = withParentDeathSignal(options.argv, orphanSignal);
    const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a', 0o600);
    try {
      this.child = spawn(command, args, {
        env: { ...inheritedEnvironment(), ...options.env },
        ...(options.cwd !== undefined && { cwd: options.cwd }),
        ...options.runAs,
        stdio: ['ignore', log ?? 'pipe', log ?? 'pipe'],
      });
      this.written =
        log === undefined || options.logFile === undefined
          ? fromPipes(this.child.stdout, this.child.stderr)
          : fromLogFile(options.logFile, fstatSync(log).size);
    } finally {
      if (log !== undefined) closeSync(log);
    }
    this.spawned = new Promise((resolve, reject) => {
      this.child.once('spawn', resolve);
      this.child.once('error', reject);
    });
    this.exited = new Promise((resolve) => {
      this.child.once(
        'exit',
        (code, signal) => void lastWords(this.child).then(() => resolve({ code, signal })),
      );
      this.child.once('error', () => {
        if (this.child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    guardChild(this.child, orphanSignal);
    // A test that failed before its `stop` must not keep jest from ending; the guards end the child then.
    if (process.env['JEST_WORKER_ID'] !== undefined) {
      this.child.unref();
      for (const pipe of [this.child.stdout, this.child.stderr]) (pipe as Socket | null)?.unref();
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  output(): string {
    return this.written.text();
  }

  signal(signal: NodeJS.Signals): boolean {
    return this.running && this.child.kill(signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProgramExit> {
    const family = this.options.endsChildren && this.running ? descendants(this.pid) : [];
    this.signal(signal);
    for (const pid of family) sendSignal(pid, signal);
    const exit = await this.exited;
    await waitUntilGone(family);
    return exit;
  }

  async stop(): Promise<ProgramExit> {
    if (this.options.endsChildren === 'at-kill-and-stop') await this.endDescendants();
    this.signal(this.options.stopSignal ?? 'SIGTERM');
    const limit = new AbortController();
    const timeout = pause(this.options.stopTimeoutMs ?? 10_000, 'late' as const, { signal: limit.signal });
    const first = await Promise.race([this.exited, timeout.catch(() => 'late' as const)]);
    limit.abort();
    return first === 'late' ? this.kill() : first;
  }

  async waitUntilReady(condition: ReadyWhen, timeoutMs: number): Promise<void> {
    let ended: ProgramExit | undefined;
    void this.exited.then((exit) => (ended = exit));
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        await checkReady(condition, () => this.output());
        // Something else may answer on that port while ours has ended.
        if (this.running) return;
      } catch (error) {
        if (performance.now() > deadline) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new Error(`not ready after ${timeoutMs} ms: ${reason}`, { cause: error });
        }
      }
      if (ended) throw new Error(`it ended (code ${ended.code}, signal ${ended.signal})`);
      await pause(20);
    }
  }

  /** While the parent still lives and reaps them: in a container nobody else may. */
  private async endDescendants(): Promise<void> {
    for (let round = 0; round < 5 && this.running; round++) {
      const family = descendants(this.pid);
      if (family.length === 0) return;
      for (const pid of family) sendSignal(pid, 'SIGTERM');
      await waitUntilGone(family, 2_000).catch(() => {
        for (const pid of family) sendSignal(pid, 'SIGKILL');
      });
    }
  }
}

/** What a process that holds its pipes open beyond its end may still say is not waited for, milliseconds. */
const LAST_WORDS_MS = 500;

/** The end of a process may be noticed before what it has written into its pipes has been read. */
async function lastWords(child: ChildProcess): Promise<void> {
  const read = new AbortController();
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await Promise.race([
    closed,
    pause(LAST_WORDS_MS, undefined, { signal: read.signal }).then(
      // A late timer comes before the reading of pipes.
      () => new Promise((resolve) => setImmediate(resolve)),
      () => undefined,
    ),
  ]);
  read.abort();
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function waitUntilGone(pids: readonly number[], timeoutMs = 30_000): Promise<void> {
  await eventually(
    () => {
      const left = pids.filter(isAlive);
      if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`);
    },
    { timeoutMs, everyMs: 20, what: 'the end of child processes' },
  );
}
