import type { ServerResponse } from 'node:http';
import type { EventTopic, Scope } from '@viw/contracts';
import { changesStream } from '@viw/contracts';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { Gauge, fullJitter, sleep } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import { StreamFollower } from '@viw/streams';
import type { Authenticator } from '../auth/authenticator';
import type { Caller } from '../auth/caller';
import { OpenEventStream } from './open-event-stream';
import type { ReplayBuffer, LoggedChanges } from './replay-buffer';
import { fillReplayBuffer } from './fill-replay-buffer';
import type { ScopedAudienceDeps } from './scoped-audience';
import { ScopedAudience } from './scoped-audience';

export interface EventBroadcastOptions {
  readonly redisUrl: string;
  /** Also how often the credentials of open streams are looked at. */
  readonly heartbeatMs: number;
}

export interface EventBroadcastDeps {
  /** Role `command`. */
  readonly redis: Redis;
  readonly authenticator: Pick<Authenticator, 'stillValid'>;
  readonly scopes: ScopedAudienceDeps['scopes'];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Follows `viw.changes` once and tells every open event stream. A listener first gets what it has missed (or `gap`), then
 * `ready`, from which on every change is reported; of a narrowed caller, every one in its scope. Streams end with the
 * credential that opened them.
 */
export class EventBroadcast implements Component {
  readonly name = 'event-hub';
  readonly #stopping = new AbortController();
  /** Of callers that are not narrowed. */
  readonly #listeners = new Set<OpenEventStream>();
  /** By the text of their scope. */
  readonly #audiences = new Map<string, ScopedAudience>();
  /** Opened before the stream was being followed, with the id to resume from. */
  readonly #waiting = new Map<OpenEventStream, string | undefined>();
  #log: ReplayBuffer | undefined;
  #follower: StreamFollower<typeof changesStream> | undefined;
  #begun: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: EventBroadcastOptions,
    private readonly deps: EventBroadcastDeps,
  ) {
    const count = (): number => this.#all().length;
    new Gauge({
      name: 'viw_backend_event_streams',
      help: 'Open server-sent event streams',
      registers: [deps.metrics],
      collect() {
        this.set(count());
      },
    });
  }

  /** Does not wait for Redis: listeners wait for `ready` instead. */
  start(): void {
    this.#begun ??= this.#begin(this.#stopping.signal);
    this.#heartbeat = setInterval(() => void this.#beat(), this.options.heartbeatMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#heartbeat);
    this.endAll();
    await this.#begun;
    await this.#follower?.stop();
  }

  /** Ends every open stream; browsers come back by themselves, and resume. */
  endAll(): void {
    for (const listener of this.#all()) listener.end();
  }

  #all(): OpenEventStream[] {
    const narrowed = [...this.#audiences.values()].flatMap(({ members }) => [...members]);
    return [...this.#listeners, ...narrowed, ...this.#waiting.keys()];
  }

  /** @param lastEventId of the stream that the listener had before */
  open(
    facts: { caller: Caller; topics: ReadonlySet<EventTopic> },
    lastEventId: string | undefined,
    response: ServerResponse,
  ): void {
    // It went away while its credential was looked at: 'close' has been, and nothing would ever take it off the list.
    if (response.destroyed) return;
    const listener = new OpenEventStream(facts, response);
    response.once('close', () => {
      this.#listeners.delete(listener);
      this.#waiting.delete(listener);
      this.#leaveAudience(listener);
    });
    listener.open();
    if (this.#stopping.signal.aborted) listener.end();
    else if (this.#log) this.#join(listener, lastEventId, this.#log);
    else this.#waiting.set(listener, lastEventId);
  }

  #join(listener: OpenEventStream, lastEventId: string | undefined, log: ReplayBuffer): void {
    const missed = missedSince(lastEventId, log);
    const { scope } = listener.facts.caller;
    if (scope !== undefined) return this.#audienceOf(scope).join(listener, missed, log.position);
    if (missed === undefined) listener.gap(log.position);
    else for (const entry of missed) listener.tell(entry);
    listener.ready(log.position);
    this.#listeners.add(listener);
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { redis, logger, metrics } = this.deps;
    for (let attempt = 0; this.#log === undefined; attempt++) {
      if (signal.aborted) return;
      this.#log = await fillReplayBuffer(redis).catch(() => undefined);
      if (this.#log === undefined)
        await sleep(50 + fullJitter({ baseMs: 100, capMs: 2_000 }, attempt), signal).catch(() => undefined);
    }
    const log = this.#log;
    if (signal.aborted) return;
    this.#follower = new StreamFollower(
      { contract: changesStream, from: log.position, name: 'backend' },
      {
        redisUrl: this.options.redisUrl,
        handler: (entries) => {
          for (const { id, body } of entries) this.#tell({ id, changes: body.changes }, log);
        },
        onGap: (gap) => {
          log.restart(gap.resumeAt);
          for (const listener of this.#listeners) listener.gap(gap.resumeAt);
          for (const audience of this.#audiences.values()) audience.gap(gap.resumeAt);
        },
        logger,
        metrics,
      },
    );
    this.#follower.start();
    for (const [listener, lastEventId] of this.#waiting) this.#join(listener, lastEventId, log);
    this.#waiting.clear();
  }

  #tell(entry: LoggedChanges, log: ReplayBuffer): void {
    log.push(entry);
    for (const listener of this.#listeners) listener.tell(entry);
    for (const audience of this.#audiences.values()) audience.tell(entry);
  }

  #audienceOf(scope: Scope): ScopedAudience {
    const key = JSON.stringify(scope);
    const audience = this.#audiences.get(key) ?? new ScopedAudience(scope, this.deps);
    this.#audiences.set(key, audience);
    return audience;
  }

  #leaveAudience(listener: OpenEventStream): void {
    const key = JSON.stringify(listener.facts.caller.scope);
    const audience = this.#audiences.get(key);
    audience?.leave(listener);
    if (audience?.members.size === 0) this.#audiences.delete(key);
  }

  async #beat(): Promise<void> {
    // Streams of one credential share the look at it.
    const looks = new Map<string, Promise<boolean>>();
    const stillValid = (caller: Caller): Promise<boolean> => {
      const name = JSON.stringify([caller.credential, caller.role, caller.scope]);
      // A database that does not answer says nothing about the session: the next beat asks again.
      const look = looks.get(name) ?? this.deps.authenticator.stillValid(caller).catch(() => true);
      looks.set(name, look);
      return look;
    };
    for (const listener of this.#all()) {
      const valid = await stillValid(listener.facts.caller);
      if (!valid) listener.end();
      else if (this.#log) this.#heartbeatOf(listener, this.#log.position);
    }
  }

  #heartbeatOf(listener: OpenEventStream, position: string): void {
    if (this.#listeners.has(listener)) return listener.heartbeat(position);
    const { scope } = listener.facts.caller;
    if (scope !== undefined) this.#audiences.get(JSON.stringify(scope))?.heartbeat(listener, position);
  }
}

/** Undefined: it cannot be told what was missed. */
function missedSince(
  lastEventId: string | undefined,
  log: ReplayBuffer,
): readonly LoggedChanges[] | undefined {
  if (lastEventId === undefined) return [];
  return /^\d{1,20}-\d{1,20}$/.test(lastEventId) ? log.after(lastEventId) : undefined;
}
