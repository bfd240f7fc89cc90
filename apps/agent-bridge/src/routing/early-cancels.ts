/** For a command that is on its way by another route, milliseconds. */
const REMEMBERED_MS = 10 * 60_000;
const MAX = 10_000;

/**
 * Cancellations of commands that may still come, or come again: several hubs read `viw.commands` at a time, and the
 * reconciler may publish a command once more.
 */
export class EarlyCancels {
  /** Correlation id → when it came. Oldest first. */
  readonly #cancelledAt = new Map<string, number>();

  /** @param now milliseconds since the Unix epoch */
  note(correlationId: string, now: number): void {
    for (const [id, at] of this.#cancelledAt) {
      if (at > now - REMEMBERED_MS && this.#cancelledAt.size < MAX) break;
      this.#cancelledAt.delete(id);
    }
    this.#cancelledAt.delete(correlationId);
    this.#cancelledAt.set(correlationId, now);
  }

  /** Whether the command has been cancelled already. */
  has(correlationId: string): boolean {
    return this.#cancelledAt.has(correlationId);
  }
}
