import type { PointPartitionRepository } from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import { sleep } from '@viw/runtime';

const DAYS_AHEAD = 3;
const EVERY_MS = 3_600_000;
const RETRY_MS = 10_000;

/** Makes the partitions of the coming days ahead of time and drops those past retention, hourly. */
export class PartitionUpkeep implements Component {
  readonly name = 'partition-upkeep';
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(
    private readonly options: { retentionDays: number },
    private readonly deps: { partitions: PointPartitionRepository; logger: Logger },
  ) {}

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { logger } = this.deps;
    while (!signal.aborted) {
      const wait = await this.#tend().then(
        () => EVERY_MS,
        (error: unknown) => {
          logger.warn({ event: 'partition_upkeep_failed', error }, 'partitions could not be tended');
          return RETRY_MS;
        },
      );
      await sleep(wait, signal).catch(() => undefined);
    }
  }

  async #tend(): Promise<void> {
    const { partitions, logger } = this.deps;
    const made = await partitions.ensureAhead(DAYS_AHEAD);
    const dropped = await partitions.dropOlderThan(this.options.retentionDays);
    if (made.length + dropped.length > 0)
      logger.info({ event: 'partitions_tended', made, dropped }, 'partitions tended');
  }
}
