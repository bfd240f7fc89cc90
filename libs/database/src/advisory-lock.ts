import { lockClient } from './lock-client';

export interface AdvisoryLockOptions {
  /** Straight to Postgres: a pooler in transaction mode would lose the lock. */
  readonly url: string;
  /** One of `advisoryLocks`. */
  readonly key: number;
  readonly applicationName: string;
}

/**
 * Runs `work` while this process alone, of all connected to the database, holds the lock; the lock lives as long as its
 * own connection. The signal is aborted when that connection breaks: somebody else may hold the lock from then on, so
 * `work` is to stop. Its effects must be idempotent all the same.
 *
 * @returns false when somebody else holds the lock; `work` was not started then
 */
export async function withAdvisoryLock(
  options: AdvisoryLockOptions,
  work: (lost: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const client = lockClient(options);
  const lost = new AbortController();
  client.on('error', () => lost.abort(new Error('the connection that held the lock broke')));
  client.on('end', () => lost.abort(new Error('the connection that held the lock was closed')));
  try {
    await client.connect();
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
      options.key,
    ]);
    if (!rows[0]?.held) return false;
    await work(lost.signal);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
