import type { ServerResponse } from 'node:http';
import type { EventTopic } from '@viw/contracts';
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

export interface EventBroadcastOptions {
  readonly redisUrl: string;
  /** Also how often the credentials of open streams are looked at. */
  readonly heartbeatMs: number;
}

export interface EventBroadcastDeps {
  /** Role `command`. */
  readonly redis: Redis;
  readonly authenticator: Pick<Authenticator, 'stillValid'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Follows `viw.changes` once and tells every open event stream. A listener first gets what it has missed (or `gap`), then
 * `ready`, from which on every change is reported. Streams end with the credential that opened them.
 */
export class EventBroadcast implements Component {
  readonly name = 'event-hub';
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<OpenEventStream>();
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
    const count = (): number => this.#listeners.size + this.#waiting.size;
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
    for (const listener of [...this.#listeners, ...this.#waiting.keys()]) listener.end();
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
    });
    listener.open();
    if (this.#stopping.signal.aborted) listener.end();
    else if (this.#log) this.#join(listener, lastEventId, this.#log);
    else this.#waiting.set(listener, lastEventId);
  }

  #join(listener: OpenEventStream, lastEventId: string | undefined, log: ReplayBuffer): void {
    const missed = missedSince(lastEventId, log);
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
  }

  async #beat(): Promise<void> {
    for (const listener of [...this.#listeners, ...this.#waiting.keys()]) {
      // A database that does not answer says nothing about the session: the next beat asks again.
      const valid = await this.deps.authenticator.stillValid(listener.facts.caller).catch(() => true);
      if (!valid) listener.end();
      else if (this.#log && this.#listeners.has(listener)) listener.heartbeat(this.#log.position);
    }
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
