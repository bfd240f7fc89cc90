import { liveEventFrom } from '@viw/client';
import type { ChangeEvent } from '@viw/contracts';

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since`: milliseconds since 1970; what is shown may be older than that. */
  | { readonly kind: 'lost'; readonly since: number };

export interface LiveListener {
  readonly onChange: (change: ChangeEvent) => void;
  readonly onGap: () => void;
}

const reopenMs = 3_000;

/**
 * The tab's one connection to the event stream. The browser reconnects by itself and names the last event it saw;
 * where it gives up (an error answer), this opens a new one and reports a gap, since nothing can be replayed then.
 */
export class LiveEvents {
  readonly #listener: LiveListener;
  readonly #watchers = new Set<() => void>();
  #source: EventSource | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  #state: LiveState = { kind: 'connecting' };
  #missedSome = false;

  constructor(deps: LiveListener) {
    this.#listener = deps;
  }

  get state(): LiveState {
    return this.#state;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  start(): void {
    this.stop();
    const source = new EventSource('/admin/api/events');
    this.#source = source;
    source.onopen = () => {
      if (this.#missedSome) this.#listener.onGap();
      this.#missedSome = false;
      this.#enter({ kind: 'live' });
    };
    source.onerror = () => {
      if (this.#state.kind !== 'lost') this.#enter({ kind: 'lost', since: Date.now() });
      if (source.readyState !== EventSource.CLOSED) return;
      this.#missedSome = true;
      this.#reopen = setTimeout(() => this.start(), reopenMs);
    };
    for (const name of ['change', 'gap', 'ready']) {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        const event = liveEventFrom({ event: name, data: message.data, id: message.lastEventId });
        if (event?.type === 'change') this.#listener.onChange(event.change);
        if (event?.type === 'gap') this.#listener.onGap();
      });
    }
  }

  stop(): void {
    clearTimeout(this.#reopen);
    this.#source?.close();
    this.#source = undefined;
  }

  #enter(state: LiveState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}
