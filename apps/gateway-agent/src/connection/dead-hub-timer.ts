/** A timer that comes so late was held up with its process, milliseconds. */
const HELD_UP_MS = 500;

/**
 * Fires once when nothing was heard for `limitMs`. Touching it costs an assignment: one timer per connection is armed
 * anew only when it runs out, which matters where one process holds thousands. After this process itself stood still (a busy
 * host, a machine that slept) the hub has its time once more: what it said meanwhile has not been read yet.
 */
export class DeadHubTimer {
  #heardAt = performance.now();
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
      if (now - due > HELD_UP_MS) this.#heardAt = now;
      const left = this.limitMs - (now - this.#heardAt);
      if (left <= 0) this.onDead();
      else this.#arm(left);
    }, ms);
  }
}
