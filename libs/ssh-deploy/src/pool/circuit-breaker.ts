export interface CircuitBreakerOptions {
  /** Failures in a row that may pass, before it opens. One that does not pass by itself opens it at once. */
  readonly failures: number;
  /** How long it stays open at first, milliseconds; twice as long after each further failure. */
  readonly coolDownMs: number;
  readonly longestMs: number;
}

/**
 * Leaves a peer alone that keeps failing: every attempt costs it a connection, and a series of refused sign-ins may get
 * this machine locked out there. Once it has cooled down the next attempt is let through; its failure opens it again.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #opened = 0;
  #openUntil = 0;
  #last: unknown;

  /** @param now milliseconds, of any clock that never goes back */
  constructor(options: CircuitBreakerOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** Why and for how many milliseconds from now nothing is attempted; undefined when it is closed. */
  get open(): { readonly forMs: number; readonly because: unknown } | undefined {
    const forMs = this.#openUntil - this.#now();
    return forMs > 0 ? { forMs, because: this.#last } : undefined;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#opened = 0;
    this.#openUntil = 0;
    this.#last = undefined;
  }

  failed(error: unknown, passing: boolean): void {
    this.#failures += 1;
    this.#last = error;
    if (passing && this.#failures < this.#options.failures) return;
    const { coolDownMs, longestMs } = this.#options;
    this.#openUntil = this.#now() + Math.min(longestMs, coolDownMs * 2 ** this.#opened);
    this.#opened += 1;
  }
}
