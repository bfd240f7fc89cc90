export interface TimerWheelOptions {
  /** Length of a slot, milliseconds: how late an item may be due. */
  readonly tickMs: number;
  /** What is further away than all slots together is due early. */
  readonly slots: number;
  /** Milliseconds of the clock that `schedule` and `due` are given. */
  readonly now: number;
}

/**
 * Timers for many items at the price of one: an item lies in the slot of the time when it is due, and only the slots
 * whose time has come are looked at. Scheduling, cancelling and being due cost the same however many items there are.
 */
export class TimerWheel<T> {
  readonly #tickMs: number;
  readonly #slots: readonly Set<T>[];
  readonly #slotOf = new Map<T, Set<T>>();
  /** The first tick that has not been emptied. */
  #tick: number;

  constructor({ tickMs, slots, now }: TimerWheelOptions) {
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slots }, () => new Set<T>());
    this.#tick = Math.floor(now / tickMs);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** Never due before `at` unless that is beyond the last slot. An item that is there already is moved. */
  schedule(item: T, at: number): void {
    this.cancel(item);
    const farthest = this.#tick + this.#slots.length - 1;
    const tick = Math.min(Math.max(Math.ceil(at / this.#tickMs), this.#tick), farthest);
    const slot = this.#slot(tick);
    slot.add(item);
    this.#slotOf.set(item, slot);
  }

  cancel(item: T): void {
    this.#slotOf.get(item)?.delete(item);
    this.#slotOf.delete(item);
  }

  /** Takes out at most `max` items whose time has come, earliest slots first; the others are due at the next call. */
  due(now: number, max: number): T[] {
    const last = Math.floor(now / this.#tickMs);
    // After a pause longer than a whole turn each slot is looked at once.
    this.#tick = Math.max(this.#tick, last - this.#slots.length + 1);
    const items: T[] = [];
    for (; this.#tick <= last; this.#tick++) {
      const slot = this.#slot(this.#tick);
      for (const item of slot) {
        if (items.length >= max) return items;
        slot.delete(item);
        this.#slotOf.delete(item);
        items.push(item);
      }
    }
    return items;
  }

  #slot(tick: number): Set<T> {
    return this.#slots[tick % this.#slots.length] as Set<T>;
  }
}
