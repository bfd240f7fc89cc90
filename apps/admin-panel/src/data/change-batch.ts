import type { ChangeEvent } from '@viw/contracts';

export interface Batch {
  /** Ids of each kind that changed, each once. */
  readonly ids: ReadonlyMap<ChangeEvent['kind'], ReadonlySet<string>>;
  /** Gateways whose commands, certificates whose operations changed. */
  readonly parents: ReadonlyMap<ChangeEvent['kind'], ReadonlySet<string>>;
}

/**
 * Collects changes and hands them over at most once per period, so that hundreds of events in a second cost one
 * update of the page. The first change after a quiet time waits one period, too.
 */
export class ChangeBatcher {
  readonly #periodMs: number;
  readonly #deliver: (batch: Batch) => void;
  #ids = new Map<ChangeEvent['kind'], Set<string>>();
  #parents = new Map<ChangeEvent['kind'], Set<string>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { periodMs: number }, deps: { deliver: (batch: Batch) => void }) {
    this.#periodMs = options.periodMs;
    this.#deliver = deps.deliver;
  }

  add(change: ChangeEvent): void {
    addTo(this.#ids, change.kind, change.id);
    if (change.parent_id !== undefined) addTo(this.#parents, change.kind, change.parent_id);
    this.#timer ??= setTimeout(() => this.#flush(), this.#periodMs);
  }

  /** Forgets what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ids = new Map();
    this.#parents = new Map();
  }

  #flush(): void {
    const batch = { ids: this.#ids, parents: this.#parents };
    this.stop();
    this.#deliver(batch);
  }
}

const addTo = <K>(map: Map<K, Set<string>>, key: K, value: string): void => {
  const set = map.get(key) ?? new Set();
  map.set(key, set.add(value));
};
