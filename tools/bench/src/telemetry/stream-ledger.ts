import type { Redis } from 'ioredis';

export interface StoredFrame {
  readonly agent_id: string;
  readonly seq: number;
}

export interface StreamLedgerOptions {
  readonly stream: string;
  /** The frames in the value of the field `body`. */
  readonly framesOf: (body: string) => readonly StoredFrame[];
}

/** Of an entry of `viw.telemetry`. */
export const framesOfEntry = (body: string): readonly StoredFrame[] =>
  (JSON.parse(body) as { frames: StoredFrame[] }).frames;

const PAGE = 500;

/**
 * Takes entries out of a stream and books their frames. Every agent's frames must be numbered 1, 2, 3, ... in the order
 * of the stream: then none is lost, none stands there twice, and none has overtaken another.
 */
export class StreamLedger {
  readonly #options: StreamLedgerOptions;
  readonly #redis: Redis;
  readonly #newest = new Map<string, number>();
  /** Frames by the millisecond at which Redis stored them. */
  #stored: { readonly at: number; readonly frames: number }[] = [];
  #total = 0;

  constructor(options: StreamLedgerOptions, { redis }: { readonly redis: Redis }) {
    this.#options = options;
    this.#redis = redis;
  }

  /** Frames taken since the ledger was made. */
  get total(): number {
    return this.#total;
  }

  newestOf(agentId: string): number {
    return this.#newest.get(agentId) ?? 0;
  }

  /** @throws Error when a frame is missing, doubled or out of order */
  async take(): Promise<void> {
    const { stream, framesOf } = this.#options;
    for (;;) {
      const page = await this.#redis.xrange(stream, '-', '+', 'COUNT', PAGE);
      for (const [id, fields] of page) this.#book(id, framesOf(String(fields[fields.indexOf('body') + 1])));
      if (page.length > 0) await this.#redis.xdel(stream, ...page.map(([id]) => id));
      if (page.length < PAGE) return;
    }
  }

  /** Frames per second that Redis stored within a time, milliseconds since the Unix epoch. */
  rateBetween(from: number, to: number): number {
    const within = this.#stored.filter(({ at }) => at >= from && at < to);
    return within.reduce((sum, { frames }) => sum + frames, 0) / ((to - from) / 1_000);
  }

  forgetTimes(): void {
    this.#stored = [];
  }

  #book(id: string, frames: readonly StoredFrame[]): void {
    this.#stored.push({ at: Number(id.split('-')[0]), frames: frames.length });
    this.#total += frames.length;
    for (const { agent_id, seq } of frames) {
      const expected = this.newestOf(agent_id) + 1;
      if (seq !== expected)
        throw new Error(`${agent_id}: frame ${seq} stands in the stream where ${expected} should`);
      this.#newest.set(agent_id, seq);
    }
  }
}
