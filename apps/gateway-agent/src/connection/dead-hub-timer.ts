/**
 * Fires once when nothing was heard for `limitMs`. Touching it costs an assignment: one timer per connection is armed
 * anew only when it runs out, which matters where one process holds thousands.
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
    this.#timer = setTimeout(() => {
      const left = this.limitMs - (performance.now() - this.#heardAt);
      if (left <= 0) this.onDead();
      else this.#arm(left);
    }, ms);
  }
}
