import { AppError } from '@viw/runtime';

export interface SlotsOptions {
  readonly concurrent: number;
  readonly waiting: number;
}

/** Lets so many actions run at once, in order of arrival; a bounded number waits, the rest is turned away. */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #queue: (() => void)[] = [];
  #taken = 0;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** @throws AppError QUEUE_FULL, or whatever the action throws */
  async use<T>(action: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#options.concurrent) {
      if (this.#queue.length >= this.#options.waiting) {
        throw new AppError('QUEUE_FULL', 'too many actions at once on this host');
      }
      // The slot is handed over by whoever leaves: #taken stays as it is.
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else this.#taken++;
    try {
      return await action();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#taken--;
    }
  }
}
