import type { Clock } from '@viw/runtime';
import type { StreamProducer } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Connection } from '../connection/connection';

/** Shares of what may wait for Redis. Well below the point at which the oldest telemetry is dropped. */
const FULL = 0.5;
const ROOM = 0.25;
/** No socket is left unread for longer, so that liveness sees it also while Redis is away. Milliseconds. */
const LONGEST_MS = 1_000;

export interface ReadPauseDeps {
  readonly producer: Pick<StreamProducer, 'pressure'>;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
}

/**
 * More telemetry comes than Redis takes: a socket from which a frame has come is not read for a moment, so that the rest
 * waits at the agents and not in this process. Other sockets, with results among their frames, are read as ever.
 */
export class ReadPause {
  readonly #deps: ReadPauseDeps;
  /** When each was paused, oldest first. */
  readonly #paused = new Map<Connection, number>();

  constructor(deps: ReadPauseDeps) {
    this.#deps = deps;
  }

  /** After a frame of telemetry has been taken. */
  taken(connection: Connection): void {
    const { producer, clock, metrics } = this.#deps;
    if (producer.pressure < FULL || this.#paused.has(connection)) return;
    this.#paused.set(connection, clock.now());
    connection.pauseReading();
    metrics.readPauses.inc();
  }

  /** Called many times a second. */
  look(): void {
    const { producer, clock } = this.#deps;
    const roomy = producer.pressure <= ROOM;
    const now = clock.now();
    for (const [connection, since] of this.#paused) {
      if (!roomy && now >= since && now - since < LONGEST_MS) return;
      this.#paused.delete(connection);
      connection.resumeReading();
    }
  }
}
