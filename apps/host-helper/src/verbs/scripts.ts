import { constants } from 'node:fs';
import { access, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@viw/runtime';
import { exec } from '../execution/run-program';
import type { ExecResult } from '../execution/run-program';
import { collectedBytes } from '../execution/safe-output';
import { assertTrusted } from './script-trust';

export interface ScriptsOptions {
  readonly root: string;
  /** Every run gets its own working directory below it. */
  readonly workFolder: string;
}

/** The operator's scripts, by fixed name. They run with the helper's rights, so who may write them matters. */
export class Scripts {
  readonly #options: ScriptsOptions;

  constructor(options: ScriptsOptions) {
    this.#options = options;
  }

  async has(name: string): Promise<boolean> {
    return this.#find(name).then(
      () => true,
      () => false,
    );
  }

  /** @throws AppError SCRIPT_NOT_FOUND; PERMISSION_DENIED for one that anybody may have changed */
  async run(name: string, argv: readonly string[], deadline: number): Promise<ExecResult> {
    const file = await this.#find(name);
    await mkdir(this.#options.workFolder, { recursive: true, mode: 0o700 });
    const cwd = await mkdtemp(join(this.#options.workFolder, 'run-'));
    try {
      return await exec({
        file,
        argv,
        cwd,
        timeoutMs: Math.max(1, deadline - Date.now()),
        outputBytes: collectedBytes,
      });
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  }

  async #find(name: string): Promise<string> {
    const file = join(this.#options.root, name);
    try {
      await access(file, constants.X_OK);
      if (!(await lstat(file)).isFile()) throw new Error('not a regular file');
      return await assertTrusted(file);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('SCRIPT_NOT_FOUND', `${name} is not an executable file on this host`, {
        cause: error,
      });
    }
  }
}
