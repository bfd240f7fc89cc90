import type { Connection } from './connection';

/** The connections of this hub that have not ended, one per agent. */
export class ConnectionTable {
  readonly #byAgent = new Map<string, Connection>();

  get size(): number {
    return this.#byAgent.size;
  }

  get(agentId: string): Connection | undefined {
    return this.#byAgent.get(agentId);
  }

  ids(): Iterable<string> {
    return this.#byAgent.keys();
  }

  all(): Iterable<Connection> {
    return this.#byAgent.values();
  }

  add(connection: Connection): void {
    this.#byAgent.set(connection.agentId, connection);
  }

  remove(connection: Connection): void {
    if (this.#byAgent.get(connection.agentId) === connection) this.#byAgent.delete(connection.agentId);
  }
}
