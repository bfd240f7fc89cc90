/** Half a period late is the network's and the sweep's; later is missed. */
const TOLERANCE = 0.5;

/** Heartbeats that should have come within a gap and did not. */
export const missedWithin = (gapMs: number, periodMs: number): number =>
  Math.max(0, Math.ceil(gapMs / periodMs - 1 - TOLERANCE));

/** Counts the heartbeats of the hub that one agent missed while its sessions lasted. */
export class HeartbeatWatch {
  #periodMs = 0;
  #lastAt: number | undefined;
  #missed = 0;

  welcomed(now: number, periodMs: number): void {
    this.#periodMs = periodMs;
    this.#lastAt = now;
  }

  beat(now: number): void {
    this.#missed = this.missed(now);
    if (this.#lastAt !== undefined) this.#lastAt = now;
  }

  closed(now: number): void {
    this.beat(now);
    this.#lastAt = undefined;
  }

  missed(now: number): number {
    return this.#missed + (this.#lastAt === undefined ? 0 : missedWithin(now - this.#lastAt, this.#periodMs));
  }
}
