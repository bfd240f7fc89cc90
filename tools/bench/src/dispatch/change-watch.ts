import type { Client } from '@viw/client';
import { monotonicMs } from '@viw/simulator';

/** Listens to the API's event stream for changes of commands. The last one of a command says that its result is there. */
export class ChangeWatch {
  readonly #lastChangeAt = new Map<string, number>();
  readonly #end = new AbortController();
  #failure: Error | undefined;

  private constructor() {}

  /** Resolves when every change is reported from now on. */
  static async start({ client }: { readonly client: Client }): Promise<ChangeWatch> {
    const watch = new ChangeWatch();
    const events = client.events({ topics: ['commands'] }, watch.#end.signal);
    const first = await events.next();
    if (first.done || first.value.type !== 'ready')
      throw new Error('the event stream does not begin with "ready"');
    void watch.#follow(events).catch((error: unknown) => {
      if (!watch.#end.signal.aborted)
        watch.#failure = new Error('the event stream is of no use any more', { cause: error });
    });
    return watch;
  }

  /** Monotonic milliseconds. @throws Error when the stream has broken, or has missed something */
  lastChangeAt(correlationId: string): number | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#lastChangeAt.get(correlationId);
  }

  stop(): void {
    this.#end.abort();
  }

  async #follow(events: ReturnType<Client['events']>): Promise<void> {
    for await (const event of events) {
      if (event.type === 'gap') throw new Error('the event stream has missed events');
      if (event.type === 'change' && event.change.kind === 'command')
        this.#lastChangeAt.set(event.change.id, monotonicMs());
    }
    if (!this.#end.signal.aborted) throw new Error('the event stream has ended');
  }
}
