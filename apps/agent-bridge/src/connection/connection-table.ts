import type { GatewayRegistry, RegistryChange } from '../registry/gateway-registry';
import type { Connection } from './connection';

export interface ConnectionTableDeps {
  readonly registry: Pick<GatewayRegistry, 'entry'>;
}

/** The connections of this hub that have not ended, one per agent. */
export class ConnectionTable {
  readonly #registry: Pick<GatewayRegistry, 'entry'>;
  readonly #byAgent = new Map<string, Connection>();
  readonly #unregistered = new Set<string>();

  constructor({ registry }: ConnectionTableDeps) {
    this.#registry = registry;
  }

  get size(): number {
    return this.#byAgent.size;
  }

  /** How many of them the registry does not know. */
  get unregistered(): number {
    return this.#unregistered.size;
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
    this.#look(connection.agentId);
  }

  remove(connection: Connection): void {
    const { agentId } = connection;
    if (this.#byAgent.get(agentId) !== connection) return;
    this.#byAgent.delete(agentId);
    this.#unregistered.delete(agentId);
  }

  onRegistryChange(change: RegistryChange): void {
    for (const agentId of change.kind === 'gateway' ? [change.agentId] : this.ids()) this.#look(agentId);
  }

  #look(agentId: string): void {
    if (this.#byAgent.has(agentId) && this.#registry.entry(agentId) === undefined)
      this.#unregistered.add(agentId);
    else this.#unregistered.delete(agentId);
  }
}
