import type { ConnectionTable } from '../connection/connection-table';
import type { GatewayRegistry } from '../registry/gateway-registry';

/** One in so many connections may belong to an id that the registry does not know. */
const UNREGISTERED_SHARE = 4;

export interface RoomOptions {
  readonly maxConnections: number;
}

export interface RoomDeps {
  readonly connections: Pick<ConnectionTable, 'size' | 'unregistered' | 'get'>;
  readonly registry: Pick<GatewayRegistry, 'entry'>;
}

/**
 * How many agents this hub takes in; of ids that anybody can make up a quarter of that, at least one, so that they
 * never keep registered gateways out.
 */
export class Room {
  readonly #max: number;
  readonly #maxUnregistered: number;
  readonly #deps: RoomDeps;
  #coming = 0;
  #unregisteredComing = 0;

  constructor({ maxConnections }: RoomOptions, deps: RoomDeps) {
    this.#max = maxConnections;
    this.#maxUnregistered = Math.max(1, Math.floor(maxConnections / UNREGISTERED_SHARE));
    this.#deps = deps;
  }

  /** An agent that comes back replaces its former socket and needs no further room. */
  isFullFor(agentId: string): boolean {
    const { connections } = this.#deps;
    if (connections.get(agentId)) return false;
    if (connections.size + this.#coming >= this.#max) return true;
    return (
      !this.#isRegistered(agentId) &&
      connections.unregistered + this.#unregisteredComing >= this.#maxUnregistered
    );
  }

  /** Keeps a place for an agent on its way in. @returns to be called once it is connected, or is not coming */
  reserve(agentId: string): () => void {
    const unregistered = this.#isRegistered(agentId) ? 0 : 1;
    this.#coming += 1;
    this.#unregisteredComing += unregistered;
    return () => {
      this.#coming -= 1;
      this.#unregisteredComing -= unregistered;
    };
  }

  #isRegistered(agentId: string): boolean {
    return this.#deps.registry.entry(agentId) !== undefined;
  }
}
