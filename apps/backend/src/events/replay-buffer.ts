import type { Change } from '@viw/contracts';
import { compareEntryIds } from '@viw/streams';

/** An entry of `viw.changes`. */
export interface LoggedChanges {
  /** Stream id: rises with every entry, the same on every replica. */
  readonly id: string;
  readonly changes: readonly Change[];
}

const beginning = '0-0';

/** The newest changes in memory, for listeners that come back. */
export class ReplayBuffer {
  readonly #kept: LoggedChanges[];
  #changes = 0;
  readonly #capacity: number;
  /** Nothing after this id is missing here; undefined while that can be said of none. */
  #floor: string | undefined;
  #position: string;

  /**
   * @param entries the newest of the stream, oldest first
   * @param options.capacity changes that are kept at least, of as many as there have been
   */
  constructor(entries: readonly LoggedChanges[], { capacity = 2_000 }: { capacity?: number } = {}) {
    this.#kept = [...entries];
    this.#changes = count(entries);
    this.#capacity = capacity;
    this.#floor = entries[0]?.id ?? beginning;
    this.#position = entries.at(-1)?.id ?? beginning;
    this.#trim();
  }

  /** The newest id. */
  get position(): string {
    return this.#position;
  }

  push(entry: LoggedChanges): void {
    this.#kept.push(entry);
    this.#changes += entry.changes.length;
    this.#position = entry.id;
    this.#floor ??= entry.id;
    this.#trim();
  }

  /** Changes were missed: what was kept does not join what follows. */
  restart(position: string): void {
    this.#kept.length = 0;
    this.#changes = 0;
    this.#floor = undefined;
    this.#position = position;
  }

  /** All entries after `id`, oldest first; undefined when some of them are not known here. */
  after(id: string): readonly LoggedChanges[] | undefined {
    if (this.#floor === undefined || compareEntryIds(id, this.#floor) < 0) return undefined;
    if (compareEntryIds(id, this.#position) > 0) return undefined;
    return this.#kept.filter((entry) => compareEntryIds(entry.id, id) > 0);
  }

  #trim(): void {
    // In large steps, so that a push is cheap.
    if (this.#changes < 2 * this.#capacity) return;
    let from = this.#kept.length;
    for (let kept = 0; from > 0 && kept < this.#capacity; from--)
      kept += this.#kept[from - 1]?.changes.length ?? 0;
    const dropped = this.#kept.splice(0, from);
    this.#changes -= count(dropped);
    this.#floor = dropped.at(-1)?.id ?? this.#floor;
  }
}

const count = (entries: readonly LoggedChanges[]): number =>
  entries.reduce((sum, { changes }) => sum + changes.length, 0);
