import type { Clock } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Connection } from './connection';
import type { ConnectionTable } from './connection-table';
import { ends } from './end-reason';
import type { End } from './end-reason';

export interface LivenessOptions {
  /** Between two WebSocket pings, and between two HEARTBEAT frames, milliseconds. */
  readonly heartbeatMs: number;
}

export interface LivenessDeps {
  readonly connections: ConnectionTable;
  readonly end: (connection: Connection, end: End) => void;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
}

/** One look at every socket: who is silent, who needs a ping, who a HEARTBEAT with the newest confirmed telemetry. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #deps: LivenessDeps;

  constructor(options: LivenessOptions, deps: LivenessDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  sweep(): void {
    const now = this.#deps.clock.now();
    for (const connection of [...this.#deps.connections.all()]) this.#look(connection, now);
  }

  #look(connection: Connection, now: number): void {
    const { heartbeatMs } = this.#options;
    if (now - connection.lastSeenAt > connection.dialect.silentAfterMs) {
      this.#deps.metrics.heartbeatsMissed.inc();
      this.#deps.end(connection, ends.silent);
      return;
    }
    if (now - connection.lastPingAt >= heartbeatMs) connection.ping(now);
    if (connection.hello && now - connection.lastHeartbeatAt >= heartbeatMs) {
      connection.lastHeartbeatAt = now;
      const { ackSeq } = connection;
      connection.send({
        type: 'HEARTBEAT',
        ts: new Date(now).toISOString(),
        ...(ackSeq !== undefined && { ack_seq: ackSeq }),
      });
    }
  }
}
