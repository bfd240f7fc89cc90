import type { Change, Scope } from '@viw/contracts';
import type { ScopeRepository } from '@viw/database';
import type { OpenEventStream } from './open-event-stream';
import type { LoggedChanges } from './replay-buffer';

/** Steps that may wait for Postgres; beyond that listeners are told that they have missed something. */
const MAX_WAITING = 1_000;

export interface ScopedAudienceDeps {
  readonly scopes: Pick<ScopeRepository, 'visible'>;
}

interface Step {
  readonly entries: readonly LoggedChanges[];
  /** @param shown what of the entries lies in the scope; undefined: that could not be found out */
  readonly deliver: (shown: readonly LoggedChanges[] | undefined) => void;
}

/**
 * The listeners narrowed to one scope. Everything they are told goes through one queue, in order; what of it they may see is
 * looked up once for all of them, and for all entries that have come since the look-up before.
 */
export class ScopedAudience {
  readonly #members = new Set<OpenEventStream>();
  /** Those whose `ready` has been sent. */
  readonly #joined = new Set<OpenEventStream>();
  #waiting: Step[] = [];
  #working = false;

  constructor(
    private readonly scope: Scope,
    private readonly deps: ScopedAudienceDeps,
  ) {}

  get members(): ReadonlySet<OpenEventStream> {
    return this.#members;
  }

  /** @param missed undefined: it cannot be told */
  join(listener: OpenEventStream, missed: readonly LoggedChanges[] | undefined, position: string): void {
    this.#members.add(listener);
    this.#enqueue({
      entries: missed ?? [],
      deliver: (shown) => {
        if (!this.#members.has(listener)) return;
        if (missed === undefined || shown === undefined) listener.gap(position);
        else for (const entry of shown) listener.tell(entry);
        listener.ready(position);
        this.#joined.add(listener);
      },
    });
  }

  leave(listener: OpenEventStream): void {
    this.#members.delete(listener);
    this.#joined.delete(listener);
  }

  tell(entry: LoggedChanges): void {
    this.#enqueue({
      entries: [entry],
      deliver: (shown) => {
        for (const listener of this.#joined)
          if (shown === undefined) listener.gap(entry.id);
          else for (const each of shown) listener.tell(each);
      },
    });
  }

  gap(position: string): void {
    this.#inOrder(() => {
      for (const listener of this.#joined) listener.gap(position);
    });
  }

  heartbeat(listener: OpenEventStream, position: string): void {
    this.#inOrder(() => {
      if (this.#joined.has(listener)) listener.heartbeat(position);
    });
  }

  #inOrder(deliver: () => void): void {
    this.#enqueue({ entries: [], deliver });
  }

  #enqueue(step: Step): void {
    this.#waiting.push(step);
    if (this.#waiting.length > MAX_WAITING) deliverAll(this.#waiting.splice(0), undefined);
    else if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const steps = this.#waiting.splice(0);
      const changes = steps.flatMap(({ entries }) => entries.flatMap((entry) => entry.changes));
      const visible =
        changes.length === 0
          ? []
          : await this.deps.scopes.visible(this.scope, changes).catch((): undefined => undefined);
      deliverAll(steps, visible && new Set(visible));
    }
    this.#working = false;
  }
}

/** @param visible the very changes that may be seen; undefined: not known */
function deliverAll(steps: readonly Step[], visible: ReadonlySet<Change> | undefined): void {
  for (const { entries, deliver } of steps) {
    if (entries.length > 0 && visible === undefined) deliver(undefined);
    else
      deliver(
        entries.map(({ id, changes }) => ({ id, changes: changes.filter((each) => visible?.has(each)) })),
      );
  }
}
