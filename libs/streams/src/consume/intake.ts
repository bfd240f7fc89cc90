import type { DeadLetterBody, StreamBody, StreamContract } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { Acknowledger } from './acknowledge';
import { tooManyDeliveries } from './batch-work';
import type { Work } from './batch-work';
import { deadLetterError } from './dead-letters';
import type { DeadEntry } from './dead-letters';
import { decodeEntry } from '../entry/entry';
import type { GroupMember } from './group-reader';
import type { StreamMetrics } from '../metrics';
import type { RawEntry } from '../entry/raw-entry';

export interface Accepted<T> {
  readonly work: readonly Work<T>[];
  /** Never to be given to a handler. */
  readonly dead: readonly { entry: DeadEntry; error: DeadLetterBody['error'] }[];
  /** Pending, but deleted from the stream: acknowledge, nothing else can be done. */
  readonly lost: readonly string[];
}

/** Sorts what was read into what a handler may see and what not. */
export class Intake<C extends StreamContract> {
  readonly #contract: C;
  readonly #member: GroupMember;
  readonly #maxDeliveries: number;
  readonly #deps: { acknowledger: Acknowledger; logger: Logger; metrics: StreamMetrics | undefined };

  constructor(
    { contract, member, maxDeliveries }: { contract: C; member: GroupMember; maxDeliveries: number },
    deps: { acknowledger: Acknowledger; logger: Logger; metrics: StreamMetrics | undefined },
  ) {
    this.#contract = contract;
    this.#member = member;
    this.#maxDeliveries = maxDeliveries;
    this.#deps = deps;
  }

  /** Entries that are held or only wait for their acknowledgement to be confirmed are left out. */
  accept(raw: readonly RawEntry[], deliveries?: ReadonlyMap<string, number>): Accepted<StreamBody<C>> {
    const work: Work<StreamBody<C>>[] = [];
    const dead: { entry: DeadEntry; error: DeadLetterBody['error'] }[] = [];
    const lost: string[] = [];
    for (const { id, fields } of raw) {
      if (this.#deps.acknowledger.remembers(id)) continue;
      if (fields === undefined) {
        lost.push(id);
        continue;
      }
      const deliveryCount = deliveries?.get(id) ?? 1;
      const entry = { id, fields, deliveryCount };
      try {
        if (deliveryCount > this.#maxDeliveries) throw tooManyDeliveries(deliveryCount);
        const decoded = decodeEntry(this.#contract, fields);
        work.push({ delivered: { id, stream: this.#member.stream, deliveryCount, ...decoded }, raw: entry });
      } catch (error) {
        dead.push({ entry, error: deadLetterError(error) });
      }
    }
    if (lost.length > 0) this.reportLost(lost);
    return { work, dead, lost };
  }

  reportLost(ids: readonly string[]): void {
    const labels = { stream: this.#contract.stream, group: this.#member.group };
    this.#deps.metrics?.lost.inc(labels, ids.length);
    this.#deps.logger.error(
      { event: 'stream_entries_lost', ...labels, entries: ids.length, first: ids[0], last: ids.at(-1) },
      'entries were deleted from the stream before they were acknowledged: data loss',
    );
  }
}
