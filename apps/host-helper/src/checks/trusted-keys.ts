import { readFile, stat } from 'node:fs/promises';
import { trustedKeySet } from '@viw/commands';
import type { TrustedKey } from '@viw/commands';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';

export interface TrustedKeysOptions {
  readonly file: string;
}

/**
 * The backend's keys as the operator has pinned them, in a file that may be replaced at any time. While it cannot be read, or
 * is damaged, no command is believed.
 */
export class TrustedKeys {
  readonly #file: string;
  readonly #logger: Logger;
  #version = '';
  #keys: readonly TrustedKey[] | undefined;

  constructor({ file }: TrustedKeysOptions, { logger }: { logger: Logger }) {
    this.#file = file;
    this.#logger = logger;
  }

  /** @throws AppError INVALID_SIGNATURE when no trusted key is at hand */
  async pinned(): Promise<readonly TrustedKey[]> {
    const version = await this.#currentVersion();
    if (version !== this.#version) {
      this.#keys = await this.#load();
      this.#version = version;
    }
    if (this.#keys === undefined) {
      throw new AppError('INVALID_SIGNATURE', 'this host has no trusted command keys');
    }
    return this.#keys;
  }

  async #currentVersion(): Promise<string> {
    try {
      const { ino, size, mtimeMs } = await stat(this.#file);
      return [ino, size, mtimeMs].join(':');
    } catch {
      return 'absent';
    }
  }

  async #load(): Promise<readonly TrustedKey[] | undefined> {
    try {
      const { keys } = trustedKeySet.parse(JSON.parse(await readFile(this.#file, 'utf8')));
      this.#logger.info(
        { event: 'trusted_keys_loaded', key_ids: keys.map(({ kid }) => kid) },
        'command keys read',
      );
      return keys;
    } catch (error) {
      this.#logger.error(
        { event: 'trusted_keys_unreadable', file: this.#file, error },
        'no command is accepted until the key file is readable',
      );
      return undefined;
    }
  }
}
