import type { ResultFrame } from '@viw/contracts';
import type { Uplink } from '../session/uplink';

export interface ResultOutboxOptions {
  /** So many results without acknowledgement, and no further command is taken. Default 100. */
  readonly capacity?: number;
  /** Milliseconds after which a result is sent again within one session. Default 30 s. */
  readonly overdueMs?: number;
}

interface Waiting {
  readonly frame: ResultFrame;
  readonly believed: boolean;
  sentAt: number;
}

/** Results from their making until the hub says that they are safe. In memory only: they may hold what users may not see. */
export class ResultOutbox {
  readonly #options: Required<ResultOutboxOptions>;
  readonly #uplink: Pick<Uplink, 'send'>;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: ResultOutboxOptions, { uplink }: { uplink: Pick<Uplink, 'send'> }) {
    this.#options = { capacity: 100, overdueMs: 30_000, ...options };
    this.#uplink = uplink;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#options.capacity;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Sends it now if there is a session. `believed` false: it refuses what nobody may have asked for. */
  add(frame: ResultFrame, { believed = true } = {}): void {
    const waiting = { frame, believed, sentAt: 0 };
    this.#waiting.set(frame.result_id, waiting);
    this.#send(waiting);
  }

  /** The hub has it in Redis. */
  acknowledge(resultId: string): void {
    this.#waiting.delete(resultId);
  }

  /** Sends everything again, in the order in which it was made. */
  resend(): void {
    for (const waiting of this.#waiting.values()) this.#send(waiting);
  }

  resendOverdue(): void {
    const limit = performance.now() - this.#options.overdueMs;
    for (const waiting of this.#waiting.values()) if (waiting.sentAt < limit) this.#send(waiting);
  }

  /** Sends the result of one command again; false when none is waiting. A forgery's refusal does not answer the genuine command. */
  resendFor(correlationId: string): boolean {
    const waiting = [...this.#waiting.values()].find(
      ({ frame, believed }) => believed && frame.correlation_id === correlationId,
    );
    if (waiting !== undefined) this.#send(waiting);
    return waiting !== undefined;
  }

  #send(waiting: Waiting): void {
    if (this.#uplink.send(waiting.frame)) waiting.sentAt = performance.now();
  }
}
