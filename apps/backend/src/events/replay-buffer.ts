import type { ChangeEvent } from '@viw/contracts';
import { compareEntryIds } from '@viw/streams';

export interface LoggedChange {
  /** Stream id: rises with every change, the same on every replica. */
  readonly id: string;
  readonly change: ChangeEvent;
}

const beginning = '0-0';

/** The newest changes in memory, for listeners that come back. */
export class ReplayBuffer {
  readonly #kept: LoggedChange[];
  readonly #capacity: number;
  /** Nothing after this id is missing here; undefined while that can be said of none. */
  #floor: string | undefined;
  #position: string;

  /** @param entries the newest of the stream, oldest first */
  constructor(entries: readonly LoggedChange[], { capacity = 2_000 }: { capacity?: number } = {}) {
    this.#kept = [...entries];
    this.#capacity = capacity;
    this.#floor = entries[0]?.id ?? beginning;
    this.#position = entries.at(-1)?.id ?? beginning;
    this.#trim();
  }

  /** The newest id. */
  get position(): string {
    return this.#position;
  }

  push(entry: LoggedChange): void {
    this.#kept.push(entry);
    this.#position = entry.id;
    this.#floor ??= entry.id;
    this.#trim();
  }

  /** Changes were missed: what was kept does not join what follows. */
  restart(position: string): void {
    this.#kept.length = 0;
    this.#floor = undefined;
    this.#position = position;
  }

  /** All changes after `id`, oldest first; undefined when some of them are not known here. */
  after(id: string): readonly LoggedChange[] | undefined {
    if (this.#floor === undefined || compareEntryIds(id, this.#floor) < 0) return undefined;
    if (compareEntryIds(id, this.#position) > 0) return undefined;
    return this.#kept.filter((entry) => compareEntryIds(entry.id, id) > 0);
  }

  #trim(): void {
    // In large steps, so that a push is cheap.
    if (this.#kept.length < 2 * this.#capacity) return;
    const dropped = this.#kept.splice(0, this.#kept.length - this.#capacity);
    this.#floor = dropped.at(-1)?.id ?? this.#floor;
  }
}
