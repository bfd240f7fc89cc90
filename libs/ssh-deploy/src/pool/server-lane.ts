import { AppError, fullJitter, sleep } from '@viw/runtime';
import type { BackoffRange } from '@viw/runtime';
import type { SshConnection } from '../ssh-connection';
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker';

export interface ServerLaneOptions {
  /** Of one connection, as long as the failure may pass by itself. At least 1. */
  readonly attempts: number;
  readonly backoff: BackoffRange;
  readonly breaker: CircuitBreakerOptions;
  /** An unused connection is closed after so many milliseconds. */
  readonly idleMs: number;
}

/** One server under one sign-in: its only connection, and whether it is left alone for now. */
export class ServerLane {
  readonly #options: ServerLaneOptions;
  readonly #open: () => Promise<SshConnection>;
  readonly #breaker: CircuitBreaker;
  #connection: Promise<SshConnection> | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  /** End of the queue of `exclusively`. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param open makes one attempt at a connection */
  constructor(options: ServerLaneOptions, open: () => Promise<SshConnection>) {
    this.#options = options;
    this.#open = open;
    this.#breaker = new CircuitBreaker(options.breaker);
  }

  /** Nobody uses it, nothing is open, and there is nothing to remember of it. */
  get forgettable(): boolean {
    return this.#users === 0 && this.#connection === undefined && this.#breaker.open === undefined;
  }

  /** Keeps the connection open for as long as `work` goes on. */
  async used<T>(work: () => Promise<T>, onIdle: () => void): Promise<T> {
    this.#users += 1;
    clearTimeout(this.#idle);
    try {
      return await work();
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#idle = setTimeout(() => void this.close().then(onIdle), this.#options.idleMs);
        this.#idle.unref();
      }
    }
  }

  /**
   * The connection, made or made anew when there is none alive; all who ask meanwhile wait for the same one.
   * @throws AppError of `SshConnection.connect`; with `meta.retry_after_s` while the server is left alone
   */
  async connection(): Promise<SshConnection> {
    for (let known = this.#connection; known !== undefined; known = this.#connection) {
      const connection = await known;
      if (connection.isAlive) return connection;
      if (this.#connection === known) this.#connection = undefined;
    }
    const made = this.#connect();
    this.#connection = made;
    made.catch(() => {
      if (this.#connection === made) this.#connection = undefined;
    });
    return made;
  }

  /** One after the other. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const open = this.#connection;
    this.#connection = undefined;
    await open?.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }

  async #connect(): Promise<SshConnection> {
    const { attempts, backoff } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const left = this.#breaker.open;
      if (left) throw leftAlone(left.because, left.forMs);
      try {
        const connection = await this.#open();
        this.#breaker.succeeded();
        return connection;
      } catch (error) {
        const passing = error instanceof AppError && error.retryable;
        if (!passing || attempt >= attempts) {
          this.#breaker.failed(error, passing);
          throw error;
        }
      }
      await sleep(fullJitter(backoff, attempt - 1));
    }
  }
}

/** The failure that led to it, so that its cause stays visible, and when the next attempt is made. */
function leftAlone(because: unknown, forMs: number): AppError {
  const seconds = Math.max(1, Math.ceil(forMs / 1_000));
  const known = because instanceof AppError ? because : new AppError('SSH_FAILED');
  return new AppError(
    known.code,
    `${known.message} (after failures in a row no further attempt is made for ${seconds} s)`,
    { meta: { ...known.meta, retry_after_s: seconds }, retryable: true, cause: because },
  );
}
