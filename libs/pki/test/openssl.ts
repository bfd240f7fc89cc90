import { execFile } from 'node:child_process';

export interface Verdict {
  readonly code: number;
  readonly output: string;
}

/** Runs the system's openssl to its end; what it says is on both streams. */
export const openssl = (...args: readonly string[]): Promise<Verdict> =>
  new Promise((resolve) => {
    execFile('openssl', args, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });
