import type { LiveEvent } from '@viw/client';

/** Collects an event stream until told otherwise. */
export class Collected {
  readonly events: LiveEvent[] = [];
  /** Set when the stream has ended by itself. */
  ended = false;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  constructor(open: (signal: AbortSignal) => AsyncIterable<LiveEvent>) {
    this.#reading = this.#read(open(this.#stop.signal));
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get changed(): string[] {
    return this.events.flatMap((event) => (event.type === 'change' ? [event.change.id] : []));
  }

  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(stream: AsyncIterable<LiveEvent>): Promise<void> {
    try {
      for await (const event of stream) this.events.push(event);
      this.ended = true;
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}
