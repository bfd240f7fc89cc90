import { hubAliveKey, hubRegisterKey, hubStream } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';
import type { DeadHubEntries, DeadHubEntry, Moved } from './dead-hub-entries';
import { forgetHub } from '../lease/lease-scripts';

export interface HubTakeoverOptions {
  readonly hub: string;
  /**
   * For how long a sign of life must have been seen missing, milliseconds. Covers the moment after Redis was away from
   * everybody.
   */
  readonly graceMs: number;
}

export interface HubTakeoverDeps {
  readonly redis: Redis;
  readonly entries: DeadHubEntries;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/**
 * Notices hubs that are gone and gives the commands in their streams a new place. Any number of hubs may do this with
 * one dead hub at a time: each entry is moved once, in order, and none as soon as the hub is back.
 */
export class HubTakeover {
  readonly #options: HubTakeoverOptions;
  readonly #deps: HubTakeoverDeps;
  readonly #missingSince = new Map<string, number>();

  constructor(options: HubTakeoverOptions, deps: HubTakeoverDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Called every few seconds. Rejects without Redis, and then what was seen before says nothing about who lives. */
  async look(): Promise<void> {
    try {
      for (const dead of await this.#deadHubs()) await this.#takeOver(dead);
    } catch (error) {
      this.#missingSince.clear();
      throw error;
    }
  }

  async #deadHubs(): Promise<string[]> {
    const { redis } = this.#deps;
    const others = (await redis.smembers(hubRegisterKey)).filter((hub) => hub !== this.#options.hub);
    const alive = await Promise.all(others.map((hub) => redis.exists(hubAliveKey(hub))));
    const missing = new Set(others.filter((_, index) => alive[index] === 0));
    for (const hub of this.#missingSince.keys()) if (!missing.has(hub)) this.#missingSince.delete(hub);
    const now = performance.now();
    return [...missing].filter((hub) => {
      const since = this.#missingSince.get(hub) ?? now;
      this.#missingSince.set(hub, since);
      return now - since >= this.#options.graceMs;
    });
  }

  async #takeOver(hub: string): Promise<void> {
    const { entries, metrics, logger } = this.#deps;
    const counts: Record<Moved, number> = { hub: 0, mailbox: 0, gone: 0, alive: 0, dropped: 0 };
    for (let batch = await entries.next(hub); batch.length > 0; batch = await entries.next(hub)) {
      for (const moved of await this.#moveAll(hub, batch)) counts[moved] += 1;
      if (counts.alive > 0) break;
    }
    const moved = counts.hub + counts.mailbox;
    metrics.takenOver.inc(moved);
    if (moved > 0)
      logger.warn(
        { event: 'hub_taken_over', hub, commands: moved, to_mailboxes: counts.mailbox },
        'commands of a dead hub have a new place',
      );
    if (counts.alive === 0 && (await this.#forget(hub))) {
      this.#missingSince.delete(hub);
      logger.info({ event: 'hub_forgotten', hub }, 'a hub is gone and left nothing behind');
    }
  }

  /** Those of one agent one after the other. */
  async #moveAll(hub: string, batch: readonly DeadHubEntry[]): Promise<Moved[]> {
    const { entries } = this.#deps;
    const byAgent = new Map<string, DeadHubEntry[]>();
    for (const entry of batch) {
      const agentId = entry.content.body?.agent_id ?? '';
      const ofAgent = byAgent.get(agentId);
      if (ofAgent) ofAgent.push(entry);
      else byAgent.set(agentId, [entry]);
    }
    const moves = [...byAgent.values()].map(async (ofAgent) => {
      const done: Moved[] = [];
      for (const entry of ofAgent) done.push(await entries.move(hub, entry));
      return done;
    });
    return (await Promise.all(moves)).flat();
  }

  async #forget(hub: string): Promise<boolean> {
    const keys = [hubStream(hub), hubAliveKey(hub), hubRegisterKey];
    return (await this.#deps.redis.eval(forgetHub, keys.length, ...keys, hub)) === 1;
  }
}
