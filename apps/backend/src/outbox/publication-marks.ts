import type { OutboxEntry } from '@viw/database';

/** With more than this unmarked, publishing waits. */
const MOST = 2_000;

/**
 * Marks entries as published behind the one who publishes, so that nobody waits for the commit of a mark: all that have come
 * while one commit was under way go into the next. What could not be marked is published again.
 */
export class PublicationMarks {
  #waiting: OutboxEntry[] = [];
  #inHand: readonly OutboxEntry[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly deps: { readonly mark: (entries: readonly OutboxEntry[]) => Promise<void> }) {}

  /** Published, and not known to be marked. */
  get ids(): number[] {
    return [...this.#inHand, ...this.#waiting].map(({ id }) => id);
  }

  /** Does not wait. */
  add(entries: readonly OutboxEntry[]): void {
    if (entries.length === 0) return;
    this.#waiting.push(...entries);
    this.#running ??= this.#run();
  }

  /** Resolves when there is room for more. @throws once, what an earlier mark failed with */
  async room(): Promise<void> {
    if (this.#waiting.length + this.#inHand.length > MOST) await this.settled();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }

  /** Never rejects. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        this.#inHand = this.#waiting;
        this.#waiting = [];
        await this.deps.mark(this.#inHand);
      }
    } catch (error) {
      this.#failure = { error };
      this.#waiting = [];
    } finally {
      this.#inHand = [];
      this.#running = undefined;
    }
  }
}
