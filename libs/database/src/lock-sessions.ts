import type pg from 'pg';
import { lockClient } from './lock-client';

export interface LockSessionsOptions {
  /** Straight to Postgres: a pooler in transaction mode would lose the lock. */
  readonly url: string;
  readonly applicationName: string;
  /** A session that nobody needs any more is closed after so many milliseconds; default 30,000. */
  readonly idleMs?: number;
}

interface Session {
  readonly client: pg.Client;
  /** Aborted when the connection breaks. */
  readonly lost: AbortController;
  idle?: NodeJS.Timeout;
}

/**
 * Advisory locks that are held for moments, again and again: a session of its own for each that is held, as many as are
 * held at once, kept for the next one. A lock lives as long as its session. MUST be safe for concurrent use.
 */
export class LockSessions {
  readonly #options: LockSessionsOptions;
  readonly #idle: Session[] = [];
  #stopped = false;

  constructor(options: LockSessionsOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` while nobody else who is connected to the database holds the lock. The signal is aborted when the session
   * breaks: somebody else may hold the lock from then on.
   * @returns undefined when somebody else holds it; `work` was not started then
   * @throws what `work` throws; what Postgres says when it cannot be asked
   */
  async run<T>(
    key: number,
    work: (lost: AbortSignal) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> {
    const { session, held } = await this.#tryLock(key);
    if (!held) {
      this.#keep(session);
      return undefined;
    }
    // Of this time only: whoever listens to it does so no longer than the lock is held.
    const lost = new AbortController();
    const broken = session.lost.signal;
    const tell = (): void => lost.abort(broken.reason);
    broken.addEventListener('abort', tell);
    try {
      if (broken.aborted) tell();
      return { result: await work(lost.signal) };
    } finally {
      broken.removeEventListener('abort', tell);
      // Whatever is not certainly free again ends with its session.
      const free = await ask(session, 'SELECT pg_advisory_unlock($1) AS yes', key).catch(() => false);
      if (free) this.#keep(session);
      else close(session);
    }
  }

  /** Closes what is idle; what is held at this moment is closed when it is given back. */
  stop(): void {
    this.#stopped = true;
    for (const session of this.#idle.splice(0)) close(session);
  }

  async #tryLock(key: number): Promise<{ session: Session; held: boolean }> {
    for (;;) {
      const session = await this.#session();
      try {
        return { session, held: await ask(session, 'SELECT pg_try_advisory_lock($1) AS yes', key) };
      } catch (error) {
        close(session);
        // One that was kept may have broken unnoticed; a new one tells how Postgres is.
        if (session.idle === undefined) throw error;
      }
    }
  }

  async #session(): Promise<Session> {
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      clearTimeout(kept.idle);
      if (!kept.lost.signal.aborted) return kept;
    }
    const client = lockClient(this.#options);
    const lost = new AbortController();
    client.on('error', () => lost.abort(new Error('the connection that held the lock broke')));
    client.on('end', () => lost.abort(new Error('the connection that held the lock was closed')));
    const session = { client, lost };
    try {
      await client.connect();
    } catch (error) {
      close(session);
      throw error;
    }
    return session;
  }

  #keep(session: Session): void {
    if (this.#stopped || session.lost.signal.aborted) return close(session);
    this.#idle.push(session);
    session.idle = setTimeout(() => {
      const at = this.#idle.indexOf(session);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      close(session);
    }, this.#options.idleMs ?? 30_000);
    session.idle.unref();
  }
}

async function ask({ client }: Session, statement: string, key: number): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>(statement, [key]);
  return rows[0]?.yes === true;
}

function close({ client, idle }: Session): void {
  clearTimeout(idle);
  client.end().catch(() => undefined);
}
