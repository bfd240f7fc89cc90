import type { Component, Logger } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { LeaseStore } from './lease-store';

const BATCH = 200;

export interface LeaseKeeperDeps {
  readonly leases: LeaseStore;
  readonly connections: ConnectionTable;
  /** A newer connection of the agent exists on another hub. */
  readonly onLost: (connection: Connection) => void;
  /** Commands may have gone to the agent's mailbox although it is here. */
  readonly onMailboxSuspect: (connection: Connection) => void;
  readonly logger: Logger;
}

/** Keeps the leases of open sockets and the hub's own sign of life from running out. */
export class LeaseKeeper implements Component {
  readonly name = 'lease-keeper';
  readonly #deps: LeaseKeeperDeps;
  #known = false;

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps;
  }

  /** Redis may be away: then the first turn that finds it says that the hub lives. */
  async start(): Promise<void> {
    await this.sayAlive().catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.#deps.leases.sayGone().catch(() => undefined);
  }

  async sayAlive(): Promise<void> {
    const wasAlive = await this.#deps.leases.sayAlive();
    if (!wasAlive && this.#known) {
      this.#deps.logger.warn({ event: 'hub_taken_for_dead' }, 'the sign of life had run out');
      for (const connection of this.#deps.connections.all()) this.#deps.onMailboxSuspect(connection);
    }
    this.#known = true;
  }

  async renew(): Promise<void> {
    const connections = [...this.#deps.connections.all()];
    for (let from = 0; from < connections.length; from += BATCH) {
      // Those that ended meanwhile have given their leases back; renewing would bring them to life again.
      const batch = connections.slice(from, from + BATCH).filter(({ ended }) => !ended);
      if (batch.length === 0) continue;
      const answers = await this.#deps.leases.renew(batch);
      batch.forEach((connection, index) => {
        if (connection.ended) return;
        if (answers[index] === 'lost') this.#deps.onLost(connection);
        if (answers[index] === 'made-again') this.#deps.onMailboxSuspect(connection);
      });
    }
  }
}
