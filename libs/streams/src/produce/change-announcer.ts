import type { ChangesBody } from '@viw/contracts';
import { changesStream } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { StreamProducer } from './producer';

/** Entries kept: enough for a backend replica that reconnects within seconds. */
const KEPT = 10_000;
const GIVE_UP_MS = 5_000;

/** Tells every backend replica what changed in Postgres. Call it after the commit. */
export class ChangeAnnouncer {
  constructor(private readonly deps: { producer: StreamProducer; logger: Logger }) {}

  /** Never rejects and is not to be waited for: a lost announcement costs freshness only. */
  announce(changes: readonly ChangesBody[]): void {
    for (const change of changes) {
      this.deps.producer
        .publish(changesStream, change, { maxlen: KEPT, priority: 'telemetry', timeoutMs: GIVE_UP_MS })
        .catch((error: unknown) => {
          this.deps.logger.debug(
            { event: 'change_not_announced', kind: change.kind, error },
            'change not announced',
          );
        });
    }
  }
}
