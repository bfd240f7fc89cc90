import type { Duplex } from 'node:stream';
import { AppError, fullJitter, sleep } from '@viw/runtime';
import type { BackoffRange } from '@viw/runtime';
import { sshFailed } from '../errors';
import type { SshConnection } from '../ssh-connection';
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker';

export interface ServerLaneOptions {
  /** Of one connection, as long as the failure may pass by itself. At least 1. */
  readonly attempts: number;
  readonly backoff: BackoffRange;
  readonly breaker: CircuitBreakerOptions;
  /** Of all attempts together, and of everything on the way. Milliseconds. */
  readonly wayTimeoutMs: number;
  /** An unused connection is closed after so many milliseconds. */
  readonly idleMs: number;
}

/** One server under one sign-in: its only connection, and whether it is left alone for now. */
export class ServerLane {
  readonly #options: ServerLaneOptions;
  readonly #open: (limitMs: number) => Promise<SshConnection>;
  readonly #breaker: CircuitBreaker;
  /** Of the ways through it to others. */
  readonly #passage: CircuitBreaker;
  #connection: Promise<SshConnection> | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  /** End of the queue of `exclusively`. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param open makes one attempt at a connection, which may take so many milliseconds */
  constructor(options: ServerLaneOptions, open: (limitMs: number) => Promise<SshConnection>) {
    this.#options = options;
    this.#open = open;
    this.#breaker = new CircuitBreaker(options.breaker);
    this.#passage = new CircuitBreaker(options.breaker);
  }

  /** Nobody uses it, nothing is open, and there is nothing to remember of it. */
  get forgettable(): boolean {
    return (
      this.#users === 0 &&
      this.#connection === undefined &&
      this.#breaker.open === undefined &&
      this.#passage.open === undefined
    );
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

  /**
   * A way through this server to another one. A server that answers about no channel at all is left alone for a while, by
   * everybody who would go through it; one that cannot reach the other is not to blame.
   * @throws AppError of `SshConnection.forwardOut`; with `meta.retry_after_s` while it is left alone
   */
  async wayTo(host: string, port: number, limitMs: number): Promise<Duplex> {
    const left = this.#passage.open;
    if (left) throw leftAlone(left.because, left.forMs);
    const begin = performance.now();
    const connection = await within(this.connection(), limitMs);
    try {
      const way = await connection.forwardOut(host, port, Math.max(1, limitMs - (performance.now() - begin)));
      this.#passage.succeeded();
      return way;
    } catch (error) {
      if (isTimeout(error) && !(await answersAboutChannels(connection, limitMs))) {
        this.#passage.failed(error, false);
        // Whoever shares it gets nowhere either, and the next one begins afresh.
        await this.close();
      }
      throw error;
    }
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
    const { attempts, backoff, wayTimeoutMs } = this.#options;
    const deadline = performance.now() + wayTimeoutMs;
    for (let attempt = 1; ; attempt++) {
      const left = this.#breaker.open;
      if (left) throw leftAlone(left.because, left.forMs);
      try {
        const connection = await this.#open(Math.max(1, deadline - performance.now()));
        this.#breaker.succeeded();
        return connection;
      } catch (error) {
        const passing = error instanceof AppError && error.retryable;
        const pause = fullJitter(backoff, attempt - 1);
        const over = attempt >= attempts || performance.now() + pause >= deadline;
        // What is left alone on the way has been asked already, and this server is not to blame for it.
        if (isLeftAlone(error)) throw error;
        if (!passing || over) {
          this.#breaker.failed(error, passing);
          throw error;
        }
        await sleep(pause);
      }
    }
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof AppError && error.meta['reason'] === 'timeout';
const isLeftAlone = (error: unknown): boolean =>
  error instanceof AppError && error.meta.retry_after_s !== undefined;

const ANSWER_MS = 3_000;

/** Nothing listens on port 1, and a server that forwards nothing says so at once: any answer will do. */
async function answersAboutChannels(connection: SshConnection, limitMs: number): Promise<boolean> {
  try {
    (await connection.forwardOut('127.0.0.1', 1, Math.min(ANSWER_MS, limitMs))).destroy();
    return true;
  } catch (error) {
    return !isTimeout(error);
  }
}

async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let limit: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    limit = setTimeout(
      () =>
        reject(
          sshFailed(`the server on the way was not reached within ${Math.round(limitMs)} ms`, 'timeout'),
        ),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(limit);
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
