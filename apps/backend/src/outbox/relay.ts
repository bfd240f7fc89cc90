import { advisoryLocks } from '@viw/contracts';
import type { OutboxEntry } from '@viw/database';
import { OutboxListener, runAlone } from '@viw/database';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { Counter, Gauge } from '@viw/runtime';
import type { ChangeAnnouncer, StreamProducer } from '@viw/streams';
import { PoisonEntryError } from '@viw/streams';
import type { Store } from '../store';
import { PublicationMarks } from './publication-marks';
import { publishEntry } from './publish-entry';
import { settleWithinGrace } from './settle-within-grace';
import { WakeUp } from './wake-up';

const BATCH = 100;
const POLL_MS = 1_000;
/** How long `stop` waits for Redis to confirm what has been handed to it. */
const STOP_GRACE_MS = 3_000;
const BACKOFF = { baseMs: 100, capMs: 5_000 };

export interface OutboxRelayOptions {
  /** Straight to Postgres, for the lock and LISTEN. */
  readonly databaseUrl: string;
  readonly applicationName: string;
}

export interface OutboxRelayDeps {
  readonly store: Pick<Store, 'repositories'>;
  readonly producer: StreamProducer;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Publishes outbox rows after their commit, in the order of their ids; of all backends one at a time. A row is marked
 * only once its stream has confirmed it: dying in between publishes it twice under the same event id, never not at all.
 * Without Redis or Postgres it waits and tries again.
 */
export class OutboxRelay implements Component {
  readonly name = 'outbox-relay';
  readonly #stopping = new AbortController();
  readonly #bell = new WakeUp();
  readonly #listener: OutboxListener;
  readonly #published: Counter<'stream'>;
  #loop: Promise<void> | undefined;

  constructor(
    private readonly options: OutboxRelayOptions,
    private readonly deps: OutboxRelayDeps,
  ) {
    const { databaseUrl: url, applicationName } = options;
    this.#listener = new OutboxListener(
      { url, applicationName: `${applicationName}-listen` },
      { onWake: () => this.#bell.ring() },
    );
    this.#published = new Counter({
      name: 'viw_outbox_published_total',
      help: 'Outbox rows published',
      labelNames: ['stream'],
      registers: [deps.metrics],
    });
    const { outbox } = deps.store.repositories;
    new Gauge({
      name: 'viw_outbox_oldest_age_seconds',
      help: 'Age of the oldest unpublished outbox row',
      registers: [deps.metrics],
      async collect() {
        this.set((await outbox.oldestUnpublishedAge().catch(() => null)) ?? 0);
      },
    });
  }

  start(): void {
    this.#listener.start();
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#listener.stop();
    await this.#loop;
  }

  #run(stop: AbortSignal): Promise<void> {
    const { databaseUrl: url, applicationName } = this.options;
    return runAlone(
      { url, applicationName: `${applicationName}-relay`, key: advisoryLocks.outboxRelay },
      {
        stop,
        backoff: BACKOFF,
        standbyMs: POLL_MS,
        onFailure: (error) =>
          this.deps.logger.warn({ event: 'outbox_relay_failed', error }, 'the outbox waits, trying again'),
      },
      (end, worked) => this.#relay(end, worked),
    );
  }

  async #relay(end: AbortSignal, worked: () => void): Promise<void> {
    const marks = new PublicationMarks({ mark: (entries) => this.#mark(entries) });
    try {
      while (!end.aborted) {
        await marks.room();
        const batch = await this.deps.store.repositories.outbox.claimBatch(BATCH, marks.ids);
        worked();
        if (batch.length > 0) {
          const { done, failure } = await this.#publish(batch, end);
          marks.add(done);
          if (failure !== undefined) throw failure as Error;
        }
        // Whatever was committed after the batch had been read has rung the bell.
        if (batch.length < BATCH) await this.#bell.wait(POLL_MS, end);
      }
    } finally {
      await marks.settled();
    }
  }

  async #publish(batch: readonly OutboxEntry[], end: AbortSignal): Promise<Published> {
    const { logger, producer } = this.deps;
    const outcomes = Promise.all(
      batch.map((entry) =>
        publishEntry(entry, producer).then(
          () => ({ entry, error: undefined }),
          (error: unknown) => ({ entry, error }),
        ),
      ),
    );
    const settled = await settleWithinGrace(outcomes, end, STOP_GRACE_MS);
    // What Redis confirms from here on is published again later: readers tell by the event id.
    if (settled === undefined) return { done: [], failure: undefined };
    const done: OutboxEntry[] = [];
    let failure: unknown;
    for (const { entry, error } of settled) {
      if (error === undefined) done.push(entry);
      else if (error instanceof PoisonEntryError) {
        done.push(entry);
        logger.error(
          { event: 'outbox_entry_refused', id: entry.id, stream: entry.stream, error },
          'not publishable',
        );
      } else failure ??= error;
    }
    return { done, failure };
  }

  async #mark(done: readonly OutboxEntry[]): Promise<void> {
    const queued = await this.deps.store.repositories.outbox.markPublished(done);
    for (const { stream } of done) this.#published.inc({ stream });
    this.deps.changes.announce(
      queued.map(({ correlation_id: id, agent_id }) => ({ kind: 'command', id, parent_id: agent_id })),
    );
  }
}

interface Published {
  /** Confirmed by Redis, or never publishable. */
  readonly done: readonly OutboxEntry[];
  /** Why others are not. */
  readonly failure: unknown;
}
