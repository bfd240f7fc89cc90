import { Fifo } from './fifo';

/** `telemetry` may be dropped, oldest first, when the producer is full; `essential` never is. */
export type Priority = 'telemetry' | 'essential';

/** An entry from `publish` until its promise settles. */
export interface PendingEntry {
  /** Order of acceptance. */
  readonly seq: number;
  /** The key it is added to. */
  readonly key: string;
  /** Of the contract; for labels. */
  readonly stream: string;
  readonly priority: Priority;
  /** Arguments of XADD. */
  readonly args: readonly string[];
  /** Length of the arguments in UTF-16 units, about bytes. */
  readonly size: number;
  settled: boolean;
  readonly confirm: (id: string) => void;
  readonly fail: (error: Error) => void;
}

/** Entries in order of acceptance, of which the oldest telemetry can be taken out. Settled entries are skipped. */
export class PublishQueue {
  readonly #telemetry = new Fifo<PendingEntry>();
  readonly #essential = new Fifo<PendingEntry>();

  /** Settled entries not swept yet included. */
  get length(): number {
    return this.#telemetry.length + this.#essential.length;
  }

  push(entry: PendingEntry): void {
    this.#lane(entry.priority).push(entry);
  }

  /** The oldest entries, at most `count`, and no more than `bytes` unless the first alone is larger. */
  take(count: number, bytes: number): PendingEntry[] {
    const taken: PendingEntry[] = [];
    let size = 0;
    while (taken.length < count) {
      const lane = this.#older();
      const entry = lane?.peek();
      if (!lane || !entry) break;
      if (taken.length > 0 && size + entry.size > bytes) break;
      lane.shift();
      taken.push(entry);
      size += entry.size;
    }
    return taken;
  }

  oldestTelemetry(): PendingEntry | undefined {
    dropSettled(this.#telemetry);
    return this.#telemetry.shift();
  }

  /** Returns entries that could not be sent to their places at the front. */
  putBack(entries: readonly PendingEntry[]): void {
    const waiting = entries.filter((entry) => !entry.settled).sort((a, b) => a.seq - b.seq);
    this.#telemetry.putBack(waiting.filter((entry) => entry.priority === 'telemetry'));
    this.#essential.putBack(waiting.filter((entry) => entry.priority === 'essential'));
  }

  sweep(): void {
    this.#telemetry.keep((entry) => !entry.settled);
    this.#essential.keep((entry) => !entry.settled);
  }

  #older(): Fifo<PendingEntry> | undefined {
    dropSettled(this.#telemetry);
    dropSettled(this.#essential);
    const [a, b] = [this.#telemetry.peek(), this.#essential.peek()];
    if (!a) return b && this.#essential;
    return !b || a.seq < b.seq ? this.#telemetry : this.#essential;
  }

  #lane(priority: Priority): Fifo<PendingEntry> {
    return priority === 'telemetry' ? this.#telemetry : this.#essential;
  }
}

function dropSettled(lane: Fifo<PendingEntry>): void {
  while (lane.peek()?.settled) lane.shift();
}
