import { uuidv7 } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { EventFrame } from '@viw/contracts';
import type { Uplink } from '../session/uplink';

export interface HostEventsOptions {
  readonly agentId: string;
  /** Events kept while there is no session; the oldest go first. Default 100. */
  readonly capacity?: number;
  /** Events a minute, and at once; what flaps is counted beyond that. Default 60. */
  readonly perMinute?: number;
}

export interface HostEventsDeps {
  readonly uplink: Pick<Uplink, 'send'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Whoever has something to tell. */
export interface EventSink {
  /** @param data without anything secret; shown to people */
  emit(kind: EventFrame['kind'], name: string, data?: Readonly<Record<string, unknown>>): void;
}

const MINUTE_MS = 60_000;

/**
 * Tells the control plane what happens on this host. The protocol has no acknowledgement for it, so that what was sent just
 * before a connection broke may be lost; what could not be sent is kept in memory until the next session, and what was left
 * out is counted and told (`events.omitted`).
 */
export class HostEvents implements EventSink {
  readonly #options: Required<HostEventsOptions>;
  readonly #deps: HostEventsDeps;
  readonly #waiting: EventFrame[] = [];
  #omitted = 0;
  /** Monotonic milliseconds at which the whole allowance is there again. */
  #fullAt = 0;

  constructor(options: HostEventsOptions, deps: HostEventsDeps) {
    this.#options = { capacity: 100, perMinute: 60, ...options };
    this.#deps = deps;
  }

  emit(kind: EventFrame['kind'], name: string, data?: Readonly<Record<string, unknown>>): void {
    this.#deps.logger.debug({ event: 'host_event', kind, name }, 'something happened on this host');
    if (!this.#allowed()) {
      this.#omitted += 1;
      return;
    }
    this.#tellOmitted();
    this.#add(kind, name, data);
    this.flush();
  }

  /** A session has begun: sends what waits, in the order in which it happened. */
  flush(): void {
    let [next] = this.#waiting;
    while (next !== undefined && this.#deps.uplink.send(next)) {
      this.#waiting.shift();
      [next] = this.#waiting;
    }
  }

  #add(kind: EventFrame['kind'], name: string, data?: Readonly<Record<string, unknown>>): void {
    if (this.#waiting.length >= this.#options.capacity) {
      this.#waiting.shift();
      this.#omitted += 1;
    }
    this.#waiting.push({
      type: 'EVENT',
      event_id: uuidv7(),
      agent_id: this.#options.agentId,
      ts: new Date(this.#deps.clock.now()).toISOString(),
      kind,
      name,
      ...(data === undefined ? {} : { data: { ...data } }),
    });
  }

  #tellOmitted(): void {
    if (this.#omitted === 0) return;
    const count = this.#omitted;
    this.#omitted = 0;
    this.#add('audit', 'events.omitted', { count });
  }

  #allowed(): boolean {
    const { perMinute } = this.#options;
    const every = MINUTE_MS / perMinute;
    const now = performance.now();
    const fullAt = Math.max(now, this.#fullAt) + every;
    if (fullAt - now > perMinute * every) return false;
    this.#fullAt = fullAt;
    return true;
  }
}
