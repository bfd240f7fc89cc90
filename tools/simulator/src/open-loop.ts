/**
 * A fixed schedule: the n-th event is due n / rate after the start, whatever became of the ones before. What is late is
 * still due, so that a stall shows as latency and not as a lower load.
 */
export class OpenLoop {
  readonly #startAt: number;
  readonly #perMs: number;
  readonly #total: number;
  #taken = 0;

  /** @param startAt milliseconds of the clock that `take` is given */
  constructor({
    perSecond,
    durationMs,
    startAt,
  }: {
    readonly perSecond: number;
    readonly durationMs: number;
    readonly startAt: number;
  }) {
    this.#startAt = startAt;
    this.#perMs = perSecond / 1_000;
    this.#total = Math.floor(this.#perMs * durationMs);
  }

  get total(): number {
    return this.#total;
  }

  get finished(): boolean {
    return this.#taken >= this.#total;
  }

  /** When the n-th event (from 0) is due. */
  dueAt(n: number): number {
    return this.#startAt + n / this.#perMs;
  }

  /** How many events have become due and were not taken yet, at most `limit`; they count as taken. */
  take(now: number, limit = Number.POSITIVE_INFINITY): number {
    const due = Math.min(this.#total, Math.floor((now - this.#startAt) * this.#perMs) + 1);
    const count = Math.max(0, Math.min(limit, due - this.#taken));
    this.#taken += count;
    return count;
  }

  /** Milliseconds by which the oldest event that was not taken is late; 0 when none is. */
  lateness(now: number): number {
    return this.finished ? 0 : Math.max(0, now - this.dueAt(this.#taken));
  }
}
