import { hostname } from 'node:os';
import { processFacts, processesKey } from '@viw/contracts';
import type { ProcessFacts } from '@viw/contracts';
import { PeriodicTask } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { Redis } from 'ioredis';

const EVERY_MS = 10_000;
/** Three signs of life missed. */
const ALIVE_MS = 35_000;
/** How long one that has died is remembered. One that has stopped takes itself out. */
const REMEMBERED_MS = 86_400_000;
/** Nobody was seen later than now, but for a clock that Redis has set back. */
const AHEAD_MS = 60_000;
/** Of those seen last: whoever may write there must not make an answer endless. */
const MOST = 500;

export interface PresenceOptions {
  readonly service: string;
  readonly version: string;
  readonly everyMs?: number;
}

export interface PresenceDeps {
  readonly redis: Redis;
  readonly logger: Logger;
}

/** Says every ten seconds that this process is there, for people to see. Nothing depends on it. */
export class Presence implements Component {
  readonly name = 'presence';
  readonly #redis: Redis;
  readonly #member: string;
  readonly #task: PeriodicTask;

  constructor({ service, version, everyMs = EVERY_MS }: PresenceOptions, { redis, logger }: PresenceDeps) {
    this.#redis = redis;
    const facts: ProcessFacts = {
      service,
      instance: `${hostname().slice(0, 100)}:${process.pid}`,
      version,
      started_at: new Date().toISOString(),
    };
    this.#member = JSON.stringify(facts);
    this.#task = new PeriodicTask(
      { name: this.name, everyMs, retryMs: 1_000, failureEvent: 'presence_failed' },
      { run: () => this.#say(), logger },
    );
  }

  start(): void {
    this.#task.start();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
    await this.#redis.zrem(processesKey, this.#member).catch(() => undefined);
  }

  async #say(): Promise<void> {
    const now = await nowOf(this.#redis);
    await this.#redis.zadd(processesKey, now, this.#member);
    await this.#redis.zremrangebyscore(processesKey, '-inf', now - REMEMBERED_MS);
    await this.#redis.zremrangebyscore(processesKey, now + AHEAD_MS, '+inf');
  }
}

export interface SeenProcess extends ProcessFacts {
  readonly last_seen_at: string;
  /** It has said so lately. */
  readonly alive: boolean;
}

/** Those seen within a day, the last ones first; at most 500. Rejects without Redis. */
export async function processesSeen(redis: Redis): Promise<SeenProcess[]> {
  const now = await nowOf(redis);
  const rows = await redis.zrevrangebyscore(
    ...([processesKey, now + AHEAD_MS, now - REMEMBERED_MS, 'WITHSCORES', 'LIMIT', 0, MOST] as const),
  );
  return rows.flatMap((member, at) => {
    if (at % 2 === 1) return [];
    const facts = factsOf(member);
    const seen = Math.min(Number(rows[at + 1]), now);
    return facts === undefined
      ? []
      : [{ ...facts, last_seen_at: new Date(seen).toISOString(), alive: now - seen < ALIVE_MS }];
  });
}

/** Milliseconds. One clock for all, whatever those of the hosts say. */
async function nowOf(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

function factsOf(text: string): ProcessFacts | undefined {
  try {
    return processFacts.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
