import type { RequestSplitter, WireRequest } from './wire-request';

/**
 * What becomes of a request. `hold`: neither it nor anything after it goes on. `mute`: it goes on, and no reply comes
 * back any more. Both end with the connection: they are for a client that is about to die. `Parked`: it and what comes
 * after it on its connection go on later; for a client that is about to stand still.
 */
export type Ruling = 'pass' | 'hold' | 'mute' | Parked;

export interface Parked {
  readonly until: Promise<unknown>;
}

export type Watcher = (request: WireRequest) => Ruling;

/** Looks at the requests of one program to one server, over all its connections. */
export class WireTap {
  readonly #split: () => RequestSplitter;
  readonly #watchers = new Set<Watcher>();

  constructor(split: () => RequestSplitter) {
    this.#split = split;
  }

  /** @returns ends the watching */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  open(): TappedConnection {
    return new TappedConnection(this.#split(), (request) => {
      for (const watcher of this.#watchers) {
        const ruling = watcher(request);
        if (ruling !== 'pass') return ruling;
      }
      return 'pass';
    });
  }
}

/** One connection through a tap. */
export class TappedConnection {
  readonly #splitter: RequestSplitter;
  readonly #rule: Watcher;
  #state: Exclude<Ruling, Parked> = 'pass';
  #parked: Promise<unknown> | undefined;

  constructor(splitter: RequestSplitter, rule: Watcher) {
    this.#splitter = splitter;
    this.#rule = rule;
  }

  /** Whether replies may still go back. */
  get answers(): boolean {
    return this.#state === 'pass';
  }

  /** What was taken last goes on only after it. */
  get parked(): Promise<unknown> | undefined {
    return this.#parked;
  }

  /** What of the client's bytes goes on to the server: whole requests. */
  take(piece: Buffer): Buffer {
    if (this.#state !== 'pass') return Buffer.alloc(0);
    const passed: Buffer[] = [];
    for (const request of this.#splitter.push(piece)) {
      const ruling = this.#rule(request);
      if (typeof ruling === 'object') this.#parked = ruling.until;
      else this.#state = ruling;
      if (this.#state === 'hold') break;
      passed.push(request.bytes);
      if (this.#state === 'mute') break;
    }
    return Buffer.concat(passed);
  }
}
