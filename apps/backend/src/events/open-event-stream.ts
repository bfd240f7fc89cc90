import type { ServerResponse } from 'node:http';
import type { EventTopic } from '@viw/contracts';
import { topicOfKind } from '@viw/contracts';
import type { Caller } from '../auth/caller';
import type { LoggedChanges } from './replay-buffer';

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

  /**
   * The changes of one entry that the listener wants, an event each. Only the last one carries the id: who is cut off
   * in between resumes before the entry, and is told all of it again.
   */
  tell({ id, changes }: LoggedChanges): void {
    const wanted = changes.filter(({ kind }) => this.facts.topics.has(topicOfKind[kind]));
    wanted.forEach((change, index) =>
      this.#event('change', index === wanted.length - 1 ? id : undefined, change),
    );
  }

  /** Shows that the connection lives; moves the id on, so that a quiet listener can resume too. Yields no event. */
  heartbeat(position: string): void {
    this.#write(position === this.#sentId ? ': heartbeat\n\n' : `: heartbeat\nid: ${position}\n\n`);
    this.#sentId = position;
  }

  end(): void {
    this.response.end();
  }

  #event(name: 'ready' | 'gap' | 'change', id: string | undefined, data: object): void {
    this.#sentId = id ?? this.#sentId;
    const idLine = id === undefined ? '' : `id: ${id}\n`;
    this.#write(`event: ${name}\n${idLine}data: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    this.response.write(text);
    if (this.response.writableLength > MAX_BUFFERED) this.response.destroy();
  }
}
