import { bridgeAlertsStream, contestsKey, keptEntries, streams } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { Publisher } from '../intake/publisher';
import type { WorkUnderWay } from '../work-under-way';
import { endContest, readContests } from './lease-scripts';

/** Ids per request. Of contests that have ended, more than this are left to later turns. */
const PAGE = 1_000;

export interface ContestsDeps {
  readonly redis: Redis;
  readonly connections: Pick<ConnectionTable, 'get'>;
  readonly publisher: Pick<Publisher, 'confirmed'>;
  /** A connection that takes commands: it must not, until `onSettled`. */
  readonly onContested: (connection: Connection) => void;
  readonly onSettled: (connection: Connection) => void;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/**
 * Agent ids that two live hosts claim: which of the two is meant nobody can tell, so neither gets commands until one
 * of them has been quiet for long enough. Which ids these are stands in Redis; any hub raises the alert, any clears it.
 */
export class Contests {
  readonly #deps: ContestsDeps;
  readonly #held = new Set<Connection>();

  constructor(deps: ContestsDeps) {
    this.#deps = deps;
  }

  /** @param ip of the claim that was refused */
  begun(agentId: string, ip: string): void {
    const { metrics, logger, pending } = this.#deps;
    metrics.contests.inc();
    logger.warn({ event: 'agent_contested', agent_id: agentId, ip }, 'two hosts claim one agent id');
    pending.track(this.#tell('raised', agentId).then(() => undefined));
  }

  /** Called every second or so. Rejects without Redis. */
  async look(): Promise<void> {
    const { connections } = this.#deps;
    const { active, ended } = await this.#read();
    for (const agentId of active) {
      const connection = connections.get(agentId);
      if (!connection?.takesCommands) continue;
      this.#held.add(connection);
      this.#deps.onContested(connection);
    }
    for (const agentId of ended) await this.#end(agentId);
    this.#resume(active);
  }

  async #read(): Promise<{ active: ReadonlySet<string>; ended: readonly string[] }> {
    const active = new Set<string>();
    for (let position = 0; ; position += PAGE) {
      const reply = await this.#deps.redis.eval(readContests, 1, contestsKey, PAGE, position);
      const [page, ended] = reply as [string[], string[]];
      for (const agentId of page) active.add(agentId);
      if (page.length < PAGE) return { active, ended };
    }
  }

  async #end(agentId: string): Promise<void> {
    const { redis, logger } = this.#deps;
    if (!(await this.#tell('cleared', agentId))) return;
    const over = await redis.eval(endContest, 1, contestsKey, agentId);
    if (over === 1)
      logger.info({ event: 'agent_contest_over', agent_id: agentId }, 'one host has the id again');
    // Begun anew in between: that the alert has just been cleared is not the last word.
    else await this.#tell('raised', agentId);
  }

  #resume(active: ReadonlySet<string>): void {
    for (const connection of this.#held) {
      if (!connection.ended && active.has(connection.agentId)) continue;
      this.#held.delete(connection);
      if (!connection.ended) this.#deps.onSettled(connection);
    }
  }

  #tell(action: 'raised' | 'cleared', agentId: string): Promise<boolean> {
    const { publisher, clock } = this.#deps;
    const alert = {
      action,
      dedupe_key: `agent-contested:${agentId}`,
      severity: 'critical',
      title: `Two hosts claim to be gateway ${agentId}`,
      detail:
        'Its commands wait until one of them stays away. Find the copy, and give it an id of its own. A gateway that has ' +
        'only what others share: register a key of its own for it, which shuts out whoever does not have that key.',
      at: new Date(clock.now()).toISOString(),
    } as const;
    return publisher.confirmed(bridgeAlertsStream, alert, { maxlen: keptEntries[streams.bridgeAlerts] });
  }
}
