export interface FairSlotsOptions {
  /** At the same time for one key. */
  readonly perKey: number;
  /** At the same time for all keys together. */
  readonly total: number;
}

interface Waiter {
  readonly begin: () => void;
}

/**
 * Bounds how much runs at the same time. Keys take turns: a key with a hundred waiting pieces of work gets no more of
 * the common room than one with a single piece. Within a key: first come, first served.
 */
export class FairSlots {
  readonly #options: FairSlotsOptions;
  /** Keys with somebody waiting; the one that is next comes first. */
  readonly #waiting = new Map<string, Waiter[]>();
  readonly #running = new Map<string, number>();
  #all = 0;

  constructor(options: FairSlotsOptions) {
    this.#options = options;
  }

  /** @throws the signal's reason when it is aborted before `work` has begun; what `work` throws */
  async run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#slot(key, signal);
    try {
      return await work();
    } finally {
      const left = (this.#running.get(key) ?? 1) - 1;
      if (left === 0) this.#running.delete(key);
      else this.#running.set(key, left);
      this.#all -= 1;
      this.#fill();
    }
  }

  #slot(key: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(key) ?? [];
      const leave = (): void => {
        this.#drop(key, waiter);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason belongs to the caller
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        begin: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      queue.push(waiter);
      this.#waiting.set(key, queue);
      this.#fill();
    });
  }

  #drop(key: string, waiter: Waiter): void {
    const rest = (this.#waiting.get(key) ?? []).filter((other) => other !== waiter);
    if (rest.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, rest);
  }

  #fill(): void {
    for (let key = this.#nextKey(); key !== undefined; key = this.#nextKey()) {
      const [first, ...rest] = this.#waiting.get(key) ?? [];
      // Behind all others, for its next turn.
      this.#waiting.delete(key);
      if (rest.length > 0) this.#waiting.set(key, rest);
      this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
      this.#all += 1;
      first?.begin();
    }
  }

  #nextKey(): string | undefined {
    if (this.#all >= this.#options.total) return undefined;
    for (const key of this.#waiting.keys())
      if ((this.#running.get(key) ?? 0) < this.#options.perKey) return key;
    return undefined;
  }
}
