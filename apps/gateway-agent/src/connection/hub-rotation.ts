/** At least one. */
export type HubUrls = readonly [URL, ...URL[]];

/** Fisher–Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/**
 * Which of several hubs to dial. Each agent has an order of its own, by chance, so that a fleet spreads over its hubs; one
 * that does not serve makes room for the next one, and is left alone for as long as it asks for (Retry-After).
 */
export class HubRotation {
  readonly #order: readonly URL[];
  readonly #notBefore: number[];
  #at = 0;

  constructor(urls: HubUrls, { random = Math.random }: { random?: () => number } = {}) {
    this.#order = shuffled(urls, random);
    this.#notBefore = this.#order.map(() => 0);
  }

  get current(): URL {
    return this.#order[this.#at] as URL;
  }

  /**
   * Turns to the next hub that has not asked to be left alone, or to the one that may be asked first.
   *
   * @param now monotonic milliseconds
   * @param retryAfterMs what the present one has asked for
   * @returns milliseconds until the new one may be dialled, at the earliest
   */
  advance(now: number, retryAfterMs = 0): number {
    this.#notBefore[this.#at] = now + retryAfterMs;
    const count = this.#order.length;
    const turns = Array.from({ length: count }, (_, turn) => (this.#at + 1 + turn) % count);
    const wait = (hub: number): number => Math.max(0, (this.#notBefore[hub] ?? 0) - now);
    this.#at = turns.reduce((best, hub) => (wait(hub) < wait(best) ? hub : best));
    return wait(this.#at);
  }
}
