import type { Change } from '@viw/contracts';
import { changesStream, keptEntries, limits, streams } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { StreamProducer } from './producer';

const GIVE_UP_MS = 5_000;

/** Tells every backend replica what changed in Postgres. Call it after the commit. */
export class ChangeAnnouncer {
  constructor(private readonly deps: { producer: StreamProducer; logger: Logger }) {}

  /** Never rejects and is not to be waited for: a lost announcement costs freshness only. */
  announce(changes: readonly Change[]): void {
    for (let from = 0; from < changes.length; from += limits.changesPerEntry)
      this.#publish(changes.slice(from, from + limits.changesPerEntry));
  }

  #publish(changes: Change[]): void {
    this.deps.producer
      .publish(
        changesStream,
        { changes },
        { maxlen: keptEntries[streams.changes], priority: 'telemetry', timeoutMs: GIVE_UP_MS },
      )
      .catch((error: unknown) => {
        this.deps.logger.debug(
          { event: 'changes_not_announced', kind: changes[0]?.kind, changes: changes.length, error },
          'changes not announced',
        );
      });
  }
}
