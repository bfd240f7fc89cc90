import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError, systemClock, writeDurably } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { z } from 'zod';

/** More is refused: who makes so many does not use them. */
const MOST = 10_000;
const TOKEN_BYTES = 32;

const storedToken = z.strictObject({
  /** SHA-256 of the token, hex: it is random enough to need no salt. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  username: z.string(),
  session_id: z.string(),
  expires_at: z.iso.datetime(),
});
const file = z.strictObject({ tokens: z.array(storedToken) });
type StoredToken = z.output<typeof storedToken>;

export interface BootstrapTokensOptions {
  readonly file: string;
}

/**
 * Tokens with which clients fetch the configuration of their session. Only hashes are kept (mode 0600), for whatever serves
 * the configurations on this host; those past their time are dropped with the next write.
 */
export class BootstrapTokens {
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: BootstrapTokensOptions,
    private readonly deps: { readonly clock?: Clock } = {},
  ) {}

  /** @returns the token, which nobody can read again. @throws AppError QUEUE_FULL */
  generate(
    of: { readonly username: string; readonly session_id: string },
    ttlSeconds: number,
  ): Promise<string> {
    return this.#oneByOne(async () => {
      const { now, tokens } = await this.#living();
      if (tokens.length >= MOST)
        throw new AppError('QUEUE_FULL', `${MOST} bootstrap tokens are waiting to be used`);
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const expires_at = new Date(now + ttlSeconds * 1_000).toISOString();
      await this.#write([...tokens, { sha256: hashOf(token), ...of, expires_at }]);
      return token;
    });
  }

  /** False when there is none (any more). */
  revoke(token: string): Promise<boolean> {
    return this.#oneByOne(async () => {
      const { tokens } = await this.#living();
      const left = tokens.filter(({ sha256 }) => sha256 !== hashOf(token));
      if (left.length === tokens.length) return false;
      await this.#write(left);
      return true;
    });
  }

  /** Read anew each time: nobody else writes, but a restart may have come in between. */
  async #living(): Promise<{ now: number; tokens: readonly StoredToken[] }> {
    const now = (this.deps.clock ?? systemClock).now();
    const text = await readFile(this.options.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{"tokens":[]}';
      throw error;
    });
    const { tokens } = parse(text);
    return { now, tokens: tokens.filter(({ expires_at }) => Date.parse(expires_at) > now) };
  }

  #write(tokens: readonly StoredToken[]): Promise<void> {
    return writeDurably(this.options.file, JSON.stringify({ tokens }));
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** @throws AppError INTERNAL_ERROR: a file that somebody has changed is not overwritten */
function parse(text: string): z.output<typeof file> {
  try {
    return file.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('INTERNAL_ERROR', 'the file of bootstrap tokens is damaged: remove it to begin anew', {
      cause,
    });
  }
}
