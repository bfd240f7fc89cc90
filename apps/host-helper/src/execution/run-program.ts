import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** The whole environment of every program that the helper runs. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C',
  LC_ALL: 'C',
};

/** Between SIGTERM and SIGKILL, and for the last output after the program itself has ended. */
const GRACE_MS = 1_000;

export interface ExecOptions {
  /** Absolute path, or the name of a program in the fixed PATH. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Of stdout and stderr each; what comes beyond is read and thrown away. */
  readonly outputBytes: number;
}

export interface ExecResult {
  /** Null when the program was ended by a signal. */
  readonly rc: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** There was more than was collected. */
  readonly stdoutCut: boolean;
  readonly stderrCut: boolean;
  readonly timedOut: boolean;
}

/**
 * Runs a program by exact argv, without a shell, in its own process group, and resolves when it and everything it has
 * started (unless that left the group) is gone.
 *
 * @throws the system's error (`ENOENT`, `EACCES`, ...) when it cannot be started
 */
export function exec(options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.file, options.argv, {
      cwd: options.cwd,
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      shell: false,
    });
    const stdout = new CappedOutput(child.stdout, options.outputBytes);
    const stderr = new CappedOutput(child.stderr, options.outputBytes);
    let timedOut = false;
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number, act: () => void): void => void timers.push(setTimeout(act, ms));

    after(options.timeoutMs, () => {
      timedOut = true;
      signalGroup(child, 'SIGTERM');
      after(GRACE_MS, () => signalGroup(child, 'SIGKILL'));
    });
    child.once('error', (error) => {
      timers.forEach(clearTimeout);
      reject(error);
    });
    child.once('exit', () => {
      // A child left behind may keep the pipes open; it gets no more time than its last words need.
      after(GRACE_MS, () => {
        signalGroup(child, 'SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
      });
    });
    child.once('close', (rc) => {
      timers.forEach(clearTimeout);
      signalGroup(child, 'SIGKILL');
      resolve({
        rc,
        stdout: stdout.text(),
        stderr: stderr.text(),
        stdoutCut: stdout.cut,
        stderrCut: stderr.cut,
        timedOut,
      });
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

class CappedOutput {
  readonly #chunks: Buffer[] = [];
  #left: number;
  cut = false;

  constructor(stream: Readable, bytes: number) {
    this.#left = bytes;
    stream.on('data', (chunk: Buffer) => {
      if (chunk.length > this.#left) this.cut = true;
      if (this.#left === 0) return;
      const kept = chunk.subarray(0, this.#left);
      this.#left -= kept.length;
      this.#chunks.push(kept);
    });
    stream.on('error', () => undefined);
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
