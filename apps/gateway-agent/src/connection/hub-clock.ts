import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';

/** Differences below this are the network's, not the clock's. */
const NOISE_MS = 2_000;

/**
 * Time as the hub sees it. A host whose clock is wrong can so still prove its identity and judge the age of a
 * command; the helper judges the signed times again by the host's own clock. The host's clock itself is left alone.
 */
export class HubClock implements Clock {
  readonly #base: Clock;
  #offsetMs = 0;

  constructor({ base = systemClock }: { base?: Clock } = {}) {
    this.#base = base;
  }

  now(): number {
    return this.#base.now() + this.#offsetMs;
  }

  /** Milliseconds that the hub is ahead of the host. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** @param serverTime RFC 3339, as the hub said it just now; anything else is ignored */
  observe(serverTime: string): void {
    const measured = Date.parse(serverTime) - this.#base.now();
    if (Number.isNaN(measured)) return;
    this.#offsetMs = Math.abs(measured) < NOISE_MS ? 0 : measured;
  }
}
