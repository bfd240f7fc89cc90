import { AppError } from '@viw/runtime';
import type { Redis } from 'ioredis';
import type { GroupMember } from './group-reader';

/**
 * Acknowledges finished entries and remembers those that Redis has not confirmed. Their effect exists, so they must
 * not be handled again: the reader skips what `remembers` knows and calls `flush` before it reads on. Also remembers
 * what is held, for the same reason.
 */
export class Acknowledger {
  readonly #member: GroupMember;
  readonly #redis: () => Redis;
  readonly #unconfirmed = new Set<string>();
  readonly #held = new Set<string>();
  /** Read, and next for the handler. */
  readonly #ahead = new Set<string>();
  /** Read ahead, and another consumer's before their turn came. */
  readonly #lostAhead = new Set<string>();
  /** In the hands of the handler at present. */
  #working: ReadonlySet<string> = new Set();
  /** Of the batch at hand: acknowledged, or released by their holder, which may happen before the handler's `hold` got here: agents may answer that fast. */
  readonly #early = new Set<string>();
  /** Of the batch at hand: another consumer has them now. */
  readonly #disowned = new Set<string>();
  #ownership = new AbortController();

  constructor(member: GroupMember, { redis }: { redis: () => Redis }) {
    this.#member = member;
    this.#redis = redis;
  }

  remembers(id: string): boolean {
    return this.#held.has(id) || this.#unconfirmed.has(id);
  }

  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** At most one batch is ahead of the one at hand. */
  readAhead(ids: readonly string[]): void {
    for (const id of ids) this.#ahead.add(id);
  }

  begin(ids: readonly string[]): void {
    this.#working = new Set(ids);
    for (const id of ids) {
      this.#ahead.delete(id);
      if (this.#lostAhead.delete(id)) this.#disowned.add(id);
    }
  }

  end(): void {
    this.#working = new Set();
    this.#early.clear();
    this.#disowned.clear();
  }

  /** Entries that only this consumer may work on at present. */
  inHand(): string[] {
    const working = [...this.#working].filter((id) => !this.#early.has(id));
    return [...new Set([...this.#held, ...working, ...this.#ahead])].filter(
      (id) => !this.#unconfirmed.has(id),
    );
  }

  /** Another consumer's now: neither to be handed to the handler again nor to be set aside here. */
  isDisowned(id: string): boolean {
    return this.#disowned.has(id);
  }

  /** Aborted when one of the entries at hand is lost; a new signal for each call of the handler. */
  watchOwnership(): AbortSignal {
    this.#ownership = new AbortController();
    return this.#ownership.signal;
  }

  /** Lets go of entries without touching them in Redis. Those that are not in hand any more are passed over. */
  disown(ids: readonly string[]): { readonly held: readonly string[]; readonly lost: number } {
    const inHand = new Set(this.inHand());
    const lost = ids.filter((id) => inHand.has(id));
    const held = lost.filter((id) => this.#held.delete(id));
    for (const id of lost) if (this.#ahead.delete(id)) this.#lostAhead.add(id);
    const working = lost.filter((id) => this.#working.has(id));
    for (const id of working) {
      this.#early.add(id);
      this.#disowned.add(id);
    }
    if (working.some((id) => !held.includes(id)))
      this.#ownership.abort(new AppError('UNAVAILABLE', 'another consumer has taken entries of this batch'));
    return { held, lost: lost.length };
  }

  hold(id: string): void {
    if (!this.#early.has(id)) this.#held.add(id);
  }

  /** No longer held: the next walk through the own pending list hands them out again. */
  release(ids: readonly string[]): void {
    for (const id of ids) this.#unhold(id);
  }

  /**
   * One XACK for all of them. When it fails they stay remembered until a later `flush` gets through.
   *
   * @throws what Redis threw
   */
  async acknowledge(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) {
      this.#unconfirmed.add(id);
      this.#unhold(id);
    }
    const { stream, group } = this.#member;
    await this.#redis().xack(stream, group, ...ids);
    for (const id of ids) this.#unconfirmed.delete(id);
  }

  async flush(): Promise<void> {
    await this.acknowledge([...this.#unconfirmed].slice(0, 1_000));
    if (this.#unconfirmed.size > 0) await this.flush();
  }

  #unhold(id: string): void {
    this.#held.delete(id);
    if (this.#working.has(id)) this.#early.add(id);
  }
}
