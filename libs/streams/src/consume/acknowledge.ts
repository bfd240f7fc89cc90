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
  /** In the hands of the handler at present. */
  #working: ReadonlySet<string> = new Set();
  /** Acknowledged or released by their holder before the handler's `hold` got here: agents may answer that fast. */
  readonly #early = new Set<string>();

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

  begin(ids: readonly string[]): void {
    this.#working = new Set(ids);
  }

  end(): void {
    this.#working = new Set();
    this.#early.clear();
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
    if (!this.#held.delete(id) && this.#working.has(id)) this.#early.add(id);
  }
}
