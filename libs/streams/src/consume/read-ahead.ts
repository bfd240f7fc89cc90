import type { StreamBody, StreamContract } from '@viw/contracts';
import type { Acknowledger } from './acknowledge';
import type { Accepted, Intake } from './intake';
import type { RawEntry } from '../entry/raw-entry';

export interface ReadAheadDeps<C extends StreamContract> {
  readonly intake: Intake<C>;
  readonly acknowledger: Acknowledger;
}

/**
 * One batch, read and decoded while the handler is busy with the one before. From the moment it is here it counts as
 * in hand: renewed, not handed out a second time by a walk through the pending list, and never dropped.
 */
export class ReadAhead<C extends StreamContract> {
  #next: Promise<Accepted<StreamBody<C>>> | undefined;

  constructor(private readonly deps: ReadAheadDeps<C>) {}

  get begun(): boolean {
    return this.#next !== undefined;
  }

  begin(read: () => Promise<readonly RawEntry[]>): void {
    this.#next = this.#read(read);
    // A failure is told to whoever takes it.
    this.#next.catch(() => undefined);
  }

  /** @throws whatever the read threw; entries it may have got all the same are in the own pending list */
  async take(): Promise<Accepted<StreamBody<C>> | undefined> {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  async #read(read: () => Promise<readonly RawEntry[]>): Promise<Accepted<StreamBody<C>>> {
    const accepted = this.deps.intake.accept(await read());
    this.deps.acknowledger.readAhead([...accepted.work.map(({ raw }) => raw.id), ...idsOf(accepted.dead)]);
    return accepted;
  }
}

const idsOf = (dead: Accepted<unknown>['dead']): string[] => dead.map(({ entry }) => entry.id);
