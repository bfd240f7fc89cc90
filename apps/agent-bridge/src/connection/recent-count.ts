/** How many events there were within the last `windowMs`, counted up to `limit`. */
export class RecentCount {
  readonly #windowMs: number;
  readonly #limit: number;
  #times: number[] = [];

  constructor({ windowMs, limit }: { windowMs: number; limit: number }) {
    this.#windowMs = windowMs;
    this.#limit = limit;
  }

  /** Adds an event; true when the limit is reached. */
  add(now: number): boolean {
    this.#times = this.#times.filter((time) => time > now - this.#windowMs);
    this.#times.push(now);
    return this.#times.length >= this.#limit;
  }
}
