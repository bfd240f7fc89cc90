import type { ServerResponse } from 'node:http';
import type { EventTopic } from '@viw/contracts';
import { topicOfKind } from '@viw/contracts';
import type { Caller } from '../auth/caller';
import type { LoggedChange } from './replay-buffer';

/** A listener that does not read is cut off at this much, bytes. */
const MAX_BUFFERED = 1024 * 1024;

/** One open event stream (WHATWG HTML, "Server-sent events"). */
export class OpenEventStream {
  #sentId = '';

  constructor(
    readonly facts: { readonly caller: Caller; readonly topics: ReadonlySet<EventTopic> },
    private readonly response: ServerResponse,
  ) {}

  /** Begins the answer, so that the other side knows it is connected. */
  open(): void {
    this.response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      // NGINX would hold events back otherwise.
      'X-Accel-Buffering': 'no',
    });
    this.#write('retry: 2000\n\n');
  }

  ready(id: string): void {
    this.#event('ready', id, {});
  }

  gap(id: string): void {
    this.#event('gap', id, {});
  }

  change({ id, change }: LoggedChange): void {
    if (this.facts.topics.has(topicOfKind[change.kind])) this.#event('change', id, change);
  }

  /** Shows that the connection lives; moves the id on, so that a quiet listener can resume too. Yields no event. */
  heartbeat(position: string): void {
    this.#write(position === this.#sentId ? ': heartbeat\n\n' : `: heartbeat\nid: ${position}\n\n`);
    this.#sentId = position;
  }

  end(): void {
    this.response.end();
  }

  #event(name: 'ready' | 'gap' | 'change', id: string, data: object): void {
    this.#sentId = id;
    this.#write(`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    this.response.write(text);
    if (this.response.writableLength > MAX_BUFFERED) this.response.destroy();
  }
}
