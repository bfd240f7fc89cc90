import { consumerAliveKey } from '@viw/contracts';
import type { Redis } from 'ioredis';
import { firstId } from '../entry/entry-id';
import type { GroupMember } from './group-reader';
import { rawEntries } from '../entry/raw-entry';
import type { RawEntry } from '../entry/raw-entry';
import { removeConsumerIfEmpty } from './remove-consumer';

/**
 * Takes over entries of ONE consumer that are idle for `min-idle`. XAUTOCLAIM cannot be told whose entries to take:
 * it would rob a live consumer that holds entries for long. Being one script, an id that XPENDING lists and XCLAIM
 * does not return has been deleted from the stream: XCLAIM has dropped it from the pending list.
 * Returns {claimed entries, delivery counts of all listed, ids listed}.
 */
const CLAIM = `
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[4], ARGV[5], '+', ARGV[6], ARGV[3])
if #pending == 0 then return {{}, {}, {}} end
local ids, counts, claim = {}, {}, {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[4]}
for i, p in ipairs(pending) do ids[i] = p[1]; counts[i] = p[4]; claim[#claim + 1] = p[1] end
return {redis.call(unpack(claim)), counts, ids}`;

export interface Claimed {
  readonly entries: readonly RawEntry[];
  /** Deliveries so far, this one included, by id. */
  readonly deliveries: ReadonlyMap<string, number>;
  /** Ids that were pending although their entries had been deleted. */
  readonly lost: readonly string[];
}

export interface ClaimOptions {
  readonly minIdleMs: number;
  /** How long a liveness key must have been seen missing. Covers the moment after Redis was away from everybody. */
  readonly graceMs: number;
}

const nothing: Claimed = { entries: [], deliveries: new Map(), lost: [] };

/** Finds consumers of the group whose liveness key is gone and takes their pending entries over, a batch at a time. */
export class Claimer {
  readonly #member: GroupMember;
  readonly #options: ClaimOptions;
  readonly #missingSince = new Map<string, number>();
  /** Of each dead consumer: where its pending list is read on. */
  readonly #cursors = new Map<string, string>();

  constructor(member: GroupMember, options: ClaimOptions) {
    this.#member = member;
    this.#options = options;
  }

  /** After a reconnect: what was seen before says nothing about who is alive. */
  forget(): void {
    this.#missingSince.clear();
    this.#cursors.clear();
  }

  /** At most `count` entries of one dead consumer; nothing left gives no entries and no lost ids. */
  async next(redis: Redis, count: number): Promise<Claimed> {
    for (const dead of await this.#deadConsumers(redis)) {
      const claimed = await this.#claimFrom(redis, dead, count);
      if (claimed.entries.length > 0 || claimed.lost.length > 0) return claimed;
      await removeConsumerIfEmpty(redis, { ...this.#member, consumer: dead });
    }
    return nothing;
  }

  async #deadConsumers(redis: Redis): Promise<string[]> {
    const { stream, group, consumer } = this.#member;
    const names = ((await redis.xinfo('CONSUMERS', stream, group)) as unknown[][])
      .map((row) => String(row[row.indexOf('name') + 1]))
      .filter((name) => name !== consumer);
    const alive = await Promise.all(names.map((name) => redis.exists(consumerAliveKey(stream, group, name))));
    const now = performance.now();
    const missing = names.filter((_, index) => alive[index] === 0);
    for (const name of [...this.#missingSince.keys()]) {
      if (!missing.includes(name)) {
        this.#missingSince.delete(name);
        this.#cursors.delete(name);
      }
    }
    return missing.filter((name) => {
      const since = this.#missingSince.get(name) ?? now;
      this.#missingSince.set(name, since);
      return now - since >= this.#options.graceMs;
    });
  }

  async #claimFrom(redis: Redis, dead: string, count: number): Promise<Claimed> {
    const { stream, group, consumer } = this.#member;
    const start = this.#cursors.get(dead) ?? firstId;
    const args = [
      group,
      consumer,
      dead,
      this.#options.minIdleMs,
      start === firstId ? '-' : `(${start}`,
      count,
    ];
    const reply = await redis.eval(CLAIM, 1, stream, ...args);
    const [claimed, counts, ids] = reply as [unknown, number[], string[]];
    const last = ids.at(-1);
    // At the end of the list the next look starts from its head, where entries may have grown old enough.
    if (last === undefined || ids.length < count) this.#cursors.delete(dead);
    else this.#cursors.set(dead, last);
    const entries = rawEntries(claimed);
    const found = new Set(entries.map((entry) => entry.id));
    return {
      entries,
      deliveries: new Map(ids.map((id, index) => [id, (counts[index] ?? 0) + 1])),
      lost: ids.filter((id) => !found.has(id)),
    };
  }
}
