import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { LeaseStore } from './lease-store';

/** Leases per script: about a millisecond of Redis's time. */
const BATCH = 200;

export interface LeaseKeeperDeps {
  readonly leases: Pick<LeaseStore, 'renew'>;
  readonly connections: ConnectionTable;
  /** A newer connection of the agent exists on another hub. */
  readonly onLost: (connection: Connection) => void;
  /** Commands may wait in the agent's mailbox although it is here. */
  readonly onMailboxSuspect: (connection: Connection) => void;
}

/** Keeps the leases of open sockets from running out. */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps;

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps;
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
        if (answers[index] === 'undrained') this.#deps.onMailboxSuspect(connection);
      });
    }
  }
}
