/** For a command that is on its way by another route, milliseconds. */
const REMEMBERED_MS = 10 * 60_000;
const MAX = 10_000;

/** Cancellations that came before their command, as happens when several hubs read `viw.commands` at a time. */
export class EarlyCancels {
  /** Correlation id → when it came. Oldest first. */
  readonly #cancelledAt = new Map<string, number>();

  /** @param now milliseconds since the Unix epoch */
  note(correlationId: string, now: number): void {
    for (const [id, at] of this.#cancelledAt) {
      if (at > now - REMEMBERED_MS && this.#cancelledAt.size < MAX) break;
      this.#cancelledAt.delete(id);
    }
    this.#cancelledAt.set(correlationId, now);
  }

  /** Whether the command has been cancelled already. Answers true once. */
  take(correlationId: string): boolean {
    return this.#cancelledAt.delete(correlationId);
  }
}
