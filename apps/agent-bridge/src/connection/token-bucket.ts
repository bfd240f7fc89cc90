/** Lets `perSecond` events through on average, `burst` at once. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** @param now milliseconds of any clock that does not go backwards */
  constructor({ perSecond, burst }: { perSecond: number; burst: number }, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Whether `take` would let one through. */
  hasLeft(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= 1;
  }

  take(now: number): boolean {
    if (!this.hasLeft(now)) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(now: number): void {
    const gained = (Math.max(0, now - this.#at) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#at = now;
  }
}
