import type pg from 'pg';
import { lockClient } from './lock-client';

export interface AdvisoryLockOptions {
  /** Straight to Postgres: a pooler in transaction mode would lose the lock. */
  readonly url: string;
  /** One of `advisoryLocks`. */
  readonly key: number;
  readonly applicationName: string;
  /** The lock of a process that stands still is free after so long, milliseconds; default 30 000. */
  readonly silenceMs?: number;
}

const SILENCE_MS = 30_000;

/**
 * Runs `work` while this process alone, of all connected to the database, holds the lock; the lock lives as long as its
 * own connection, and that as long as the process says something now and then. The signal is aborted when the connection breaks:
 * somebody else may hold the lock from then on, so `work` is to stop. Its effects must be idempotent all the same.
 *
 * @returns false when somebody else holds the lock; `work` was not started then
 */
export async function withAdvisoryLock(
  { silenceMs = SILENCE_MS, ...options }: AdvisoryLockOptions,
  work: (lost: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const client = lockClient({ ...options, silenceMs });
  const lost = new AbortController();
  client.on('error', () => lost.abort(new Error('the connection that held the lock broke')));
  client.on('end', () => lost.abort(new Error('the connection that held the lock was closed')));
  let pulse: NodeJS.Timeout | undefined;
  try {
    await client.connect();
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
      options.key,
    ]);
    if (!rows[0]?.held) return false;
    pulse = setInterval(() => void beat(client, lost), silenceMs / 6);
    await work(lost.signal);
    return true;
  } finally {
    clearInterval(pulse);
    await client.end().catch(() => undefined);
  }
}

/** Without an answer Postgres may have given the lock to somebody else. */
async function beat(client: pg.Client, lost: AbortController): Promise<void> {
  try {
    await client.query('SELECT 1');
  } catch {
    lost.abort(new Error('the connection that held the lock does not answer'));
  }
}
