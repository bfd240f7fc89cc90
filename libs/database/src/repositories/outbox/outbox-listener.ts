import { outboxChannel } from '@viw/contracts';
import { fullJitter, isError, sleep } from '@viw/runtime';
import pg from 'pg';

export interface OutboxListenerOptions {
  /** Straight to Postgres: LISTEN does not pass a pooler in transaction mode. */
  readonly url: string;
  readonly applicationName: string;
}

export interface OutboxListenerDeps {
  /** Called for every commit that added rows, and after every (re)connection, since wake-ups may have been missed. */
  readonly onWake: () => void;
  readonly onError?: (error: Error) => void;
}

/** Wakes the relay on NOTIFY, over a connection of its own that is renewed with backoff. Only latency depends on it. */
export class OutboxListener {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly options: OutboxListenerOptions,
    private readonly deps: OutboxListenerDeps,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.listen(signal, () => (attempt = 0));
      } catch (error) {
        if (!signal.aborted) this.deps.onError?.(isError(error) ? error : new Error(String(error)));
      }
      if (!signal.aborted)
        await sleep(fullJitter({ baseMs: 200, capMs: 10_000 }, attempt), signal).catch(() => undefined);
    }
  }

  /** Until the connection ends or `signal` says stop. */
  private async listen(signal: AbortSignal, onConnected: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: this.options.applicationName,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    const ended = new Promise<void>((resolve, reject) => {
      client.on('error', reject);
      client.on('end', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // A failure before anybody waits for it is reported by `connect` as well.
    ended.catch(() => undefined);
    client.on('notification', () => this.deps.onWake());
    try {
      await client.connect();
      await client.query(`LISTEN ${outboxChannel}`);
      onConnected();
      this.deps.onWake();
      await ended;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
