import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { GatewayRegistry } from './gateway-registry';

export interface HostPolicyNewsDeps {
  readonly registry: Pick<GatewayRegistry, 'hostPolicies'>;
  readonly connections: Pick<ConnectionTable, 'all'>;
}

/** Brings agents what the backend has signed for hosts. The hub neither makes nor judges any of it. */
export class HostPolicyNews {
  readonly #deps: HostPolicyNewsDeps;

  constructor(deps: HostPolicyNewsDeps) {
    this.#deps = deps;
  }

  /** Before the first command of a session. A dialect that has no word for it sends nothing. */
  greet(connection: Connection): void {
    const { hostPolicies: policies } = this.#deps.registry;
    if (policies.length > 0) connection.send({ type: 'HOST_POLICY', policies: [...policies] });
  }

  /** There are newer ones. */
  announce(): void {
    for (const connection of this.#deps.connections.all()) if (connection.hello) this.greet(connection);
  }
}
