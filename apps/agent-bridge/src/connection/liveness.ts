import type { Clock } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Connection } from './connection';
import { ends } from './end-reason';
import type { End } from './end-reason';
import { TimerWheel } from './timer-wheel';

const TICK_MS = 100;
const SLOTS = 1_024;
/** Sockets looked at in one turn of the event loop. */
const LOOKS_PER_TURN = 500;
/** A sweep that comes so long after the one before was held up, milliseconds. */
const HELD_UP_MS = 500;
/** Beyond what was lost: to read what came meanwhile. */
const CATCH_UP_MS = 1_000;

export interface LivenessOptions {
  /** Between two WebSocket pings, and between two HEARTBEAT frames, milliseconds. */
  readonly heartbeatMs: number;
}

export interface LivenessDeps {
  readonly end: (connection: Connection, end: End) => void;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly metrics: BridgeMetrics;
}

/**
 * Who is silent, who needs a ping, who a HEARTBEAT with the newest confirmed telemetry: one timer for all sockets. After this
 * process itself stood still nobody counts as silent for as long again, and a second (a heartbeat at most): what came meanwhile has
 * not been read yet. Stalls further apart than that keep nobody who says nothing.
 */
export class Liveness {
  readonly #heartbeatMs: number;
  readonly #deps: LivenessDeps;
  readonly #wheel: TimerWheel<Connection>;
  #sweptAt: number;
  #nobodySilentBefore = 0;

  constructor({ heartbeatMs }: LivenessOptions, deps: LivenessDeps) {
    this.#heartbeatMs = heartbeatMs;
    this.#deps = deps;
    this.#sweptAt = deps.clock.now();
    this.#wheel = new TimerWheel({ tickMs: TICK_MS, slots: SLOTS, now: this.#sweptAt });
  }

  /** Its first heartbeat comes at a random time, so that a fleet that connected at one instant is spread. */
  watch(connection: Connection): void {
    const { clock, random = Math.random } = this.#deps;
    const phaseMs = Math.floor(random() * this.#heartbeatMs);
    const now = clock.now();
    connection.lastPingAt = connection.lastHeartbeatAt = now + phaseMs - this.#heartbeatMs;
    this.#wheel.schedule(connection, now + phaseMs);
  }

  unwatch(connection: Connection): void {
    this.#wheel.cancel(connection);
  }

  /** Called every 100 ms or so. */
  sweep(): void {
    const now = this.#deps.clock.now();
    const lostMs = now - this.#sweptAt;
    this.#sweptAt = now;
    if (lostMs > HELD_UP_MS) {
      this.#deps.metrics.sweepsHeldUp.inc();
      this.#nobodySilentBefore = now + Math.min(this.#heartbeatMs, lostMs + CATCH_UP_MS);
    }
    for (const connection of this.#wheel.due(now, LOOKS_PER_TURN)) this.#look(connection, now);
  }

  #look(connection: Connection, now: number): void {
    if (connection.ended) return;
    const { lastSeenAt, dialect } = connection;
    const silentAt = Math.max(lastSeenAt + dialect.silentAfterMs, this.#nobodySilentBefore);
    if (now >= silentAt) {
      this.#deps.metrics.heartbeatsMissed.inc();
      this.#deps.end(connection, ends.silent);
      return;
    }
    if (now - connection.lastPingAt >= this.#heartbeatMs) connection.ping(now);
    if (connection.hello && now - connection.lastHeartbeatAt >= this.#heartbeatMs)
      this.#beat(connection, now);
    this.#wheel.schedule(connection, Math.min(connection.lastPingAt + this.#heartbeatMs, silentAt));
  }

  #beat(connection: Connection, now: number): void {
    connection.lastHeartbeatAt = now;
    const { ackSeq } = connection;
    connection.send({
      type: 'HEARTBEAT',
      ts: new Date(now).toISOString(),
      ...(ackSeq !== undefined && { ack_seq: ackSeq }),
    });
  }
}
