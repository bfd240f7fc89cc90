import { advisoryLocks } from '@viw/contracts';
import { ElectedTask } from '@viw/database';
import type { DueNotification, NotificationQueueRepository } from '@viw/database';
import { sleep } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { Delivery } from './delivery';

export interface DelivererOptions {
  /** Straight to Postgres, for the lock. */
  readonly databaseUrl: string;
  /** Between two looks into the queue while nothing ends, milliseconds. */
  readonly pollMs: number;
  /** While so many attempts of a notification have not helped, nothing of its channel overtakes it. */
  readonly orderedAttempts: number;
}

export interface DelivererDeps {
  readonly queue: Pick<NotificationQueueRepository, 'due'>;
  readonly delivery: Pick<Delivery, 'attempt'>;
  readonly logger: Logger;
}

/** What is under way when this process is to stop may take so long, milliseconds; then it is made again by the next one. */
const GRACE_MS = 3_000;
/** After an attempt whose end could not be stored. */
const PAUSE_MS = 1_000;

/**
 * Delivers what is queued: one notifier at a time, and in it one notification per channel at a time, all channels beside each other. Who
 * is slow holds up itself.
 */
export class Deliverer implements Component {
  readonly name = 'deliverer';
  /** Lanes by channel. */
  readonly #lanes = new Map<string, Promise<void>>();
  #wake = new AbortController();
  readonly #task: ElectedTask;

  constructor(
    private readonly options: DelivererOptions,
    private readonly deps: DelivererDeps,
  ) {
    const { databaseUrl, pollMs } = options;
    this.#task = new ElectedTask(
      {
        name: this.name,
        databaseUrl,
        applicationName: 'notifier',
        key: advisoryLocks.notificationDelivery,
        everyMs: pollMs,
        standbyMs: Math.min(5_000, 4 * pollMs),
        backoff: { baseMs: 500, capMs: 15_000 },
        failureEvent: 'deliverer_failed',
      },
      { run: (end, worked) => this.#deliver(end, worked), logger: deps.logger },
    );
  }

  start(): void {
    this.#task.start();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
  }

  /** One turn: as long as this notifier is the one that delivers. Attempts under way are waited for before another one may begin. */
  async #deliver(end: AbortSignal, worked: () => void): Promise<void> {
    const cut = new AbortController();
    try {
      while (!end.aborted) {
        this.#wake = new AbortController();
        const due = await this.deps.queue.due([...this.#lanes.keys()], this.options.orderedAttempts);
        for (const notification of due) this.#open(notification, { cut: cut.signal, end });
        worked();
        await sleep(this.options.pollMs, AbortSignal.any([end, this.#wake.signal])).catch(() => undefined);
      }
    } finally {
      const grace = setTimeout(() => cut.abort(new Error('the notifier stops')), GRACE_MS);
      await Promise.all(this.#lanes.values());
      clearTimeout(grace);
    }
  }

  #open(notification: DueNotification, { cut, end }: { cut: AbortSignal; end: AbortSignal }): void {
    const { delivery, logger } = this.deps;
    const { channel_id, id } = notification;
    const lane = delivery
      .attempt(notification, cut)
      .catch(async (error: unknown) => {
        logger.warn({ event: 'attempt_not_stored', notification_id: id, error }, 'made again');
        await sleep(PAUSE_MS, AbortSignal.any([cut, end])).catch(() => undefined);
      })
      .finally(() => {
        this.#lanes.delete(channel_id);
        this.#wake.abort();
      });
    this.#lanes.set(channel_id, lane);
  }
}
