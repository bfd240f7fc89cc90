import { compareEntryIds } from '@viw/streams';
import type { HeldCommand } from './held-command';

/**
 * The commands of one connected agent, so many at a time, in the order in which they were accepted: hubs that read
 * `viw.commands` side by side, and moves from place to place, may bring them in another one.
 */
export class InFlightQueue {
  readonly #waiting: HeldCommand[] = [];
  readonly #inFlight = new Map<string, HeldCommand>();
  /** Nothing is sent before (milliseconds since the Unix epoch): the agent has said that it is busy. */
  pausedUntil = 0;

  get waiting(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Waiting or in flight. */
  find(correlationId: string): HeldCommand | undefined {
    return (
      this.#inFlight.get(correlationId) ??
      this.#waiting.find(({ body }) => body.correlation_id === correlationId)
    );
  }

  isInFlight(correlationId: string): boolean {
    return this.#inFlight.has(correlationId);
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  push(command: HeldCommand): void {
    const later = this.#waiting.findLastIndex((other) => !isLater(other, command));
    this.#waiting.splice(later + 1, 0, command);
  }

  /** The next one to send. */
  peek(): HeldCommand | undefined {
    return this.#waiting[0];
  }

  /** Moves the next one to those in flight. */
  launch(slotUntil: number): void {
    const command = this.#waiting.shift();
    if (!command) return;
    command.slotUntil = slotUntil;
    this.#inFlight.set(command.body.correlation_id, command);
  }

  /** The agent had no room for it: it waits again, before those that were accepted after it. */
  putBack(correlationId: string): void {
    const command = this.#inFlight.get(correlationId);
    if (!command) return;
    this.#inFlight.delete(correlationId);
    command.slotUntil = undefined;
    this.push(command);
  }

  remove(correlationId: string): HeldCommand | undefined {
    const flying = this.#inFlight.get(correlationId);
    if (flying) {
      this.#inFlight.delete(correlationId);
      return flying;
    }
    const index = this.#waiting.findIndex(({ body }) => body.correlation_id === correlationId);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  /** In the order in which they came. */
  all(): HeldCommand[] {
    return [...this.#inFlight.values(), ...this.#waiting];
  }

  takeWaiting(): HeldCommand[] {
    return this.#waiting.splice(0);
  }

  /** Waiting or in flight, without a trace. */
  forget(entryIds: ReadonlySet<string>): void {
    for (const { entryId, body } of this.all()) if (entryIds.has(entryId)) this.remove(body.correlation_id);
  }

  /** Waiting ones for which it is too late to start. */
  takeLate(isOver: (command: HeldCommand) => boolean): HeldCommand[] {
    const over = this.#waiting.filter(isOver);
    for (const { body } of over) this.remove(body.correlation_id);
    return over;
  }

  /** Sent ones that hold their slot for too long. */
  takeStuck(now: number): HeldCommand[] {
    const stuck = [...this.#inFlight.values()].filter(
      ({ slotUntil }) => slotUntil !== undefined && slotUntil <= now,
    );
    for (const { body } of stuck) this.#inFlight.delete(body.correlation_id);
    return stuck;
  }
}

/** Of those accepted at one instant the later one came later. */
function isLater(a: HeldCommand, b: HeldCommand): boolean {
  const [acceptedA, acceptedB] = [Date.parse(a.body.accepted_at), Date.parse(b.body.accepted_at)];
  return acceptedA === acceptedB ? compareEntryIds(a.entryId, b.entryId) > 0 : acceptedA > acceptedB;
}
