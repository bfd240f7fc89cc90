/** A timer that comes so late was held up with its process, milliseconds. */
const HELD_UP_MS = 500;
/** Beyond what was lost: to read what came meanwhile. */
const CATCH_UP_MS = 1_000;

/**
 * Fires once when nothing was heard for `limitMs`. Touching it costs an assignment: one timer per connection is armed
 * anew only when it runs out, which matters where one process holds thousands. After this process itself stood still (a busy
 * host, a machine that slept) the hub has what was lost once more, and a second (its whole time at most): what it said meanwhile
 * has not been read yet. That is given once for a silence: a host that stands still again and again hears of a dead hub, too.
 */
export class DeadHubTimer {
  #heardAt = performance.now();
  /** What was heard last when time was given for it. */
  #excusedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limitMs: number,
    private readonly onDead: () => void,
  ) {}

  start(): void {
    this.#heardAt = performance.now();
    this.#arm(this.limitMs);
  }

  touch(): void {
    this.#heardAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const now = performance.now();
      const left = Math.max(this.limitMs - (now - this.#heardAt), this.#excuse(now - due));
      if (left <= 0) this.onDead();
      else this.#arm(left);
    }, ms);
  }

  /** @returns milliseconds that the hub has at least because this process came `lateMs` late */
  #excuse(lateMs: number): number {
    if (lateMs <= HELD_UP_MS || this.#excusedAt === this.#heardAt) return 0;
    const more = Math.min(this.limitMs, lateMs + CATCH_UP_MS);
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs + more > this.limitMs) this.#excusedAt = this.#heardAt;
    return more;
  }
}
