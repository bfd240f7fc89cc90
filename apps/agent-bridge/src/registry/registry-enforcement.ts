import type { Logger } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import { ends, versionTooOld } from '../connection/end-reason';
import type { End } from '../connection/end-reason';
import type { AgentVersions } from './agent-versions';
import type { GatewayObjection } from './gateway-objection';
import type { RegistryChange } from './gateway-registry';

export interface RegistryEnforcementDeps {
  readonly connections: ConnectionTable;
  readonly objection: GatewayObjection;
  readonly versions: AgentVersions;
  readonly end: (connection: Connection, end: End) => void;
  readonly logger: Logger;
}

/** A connection lasts only as long as what opened it would open it again. */
export class RegistryEnforcement {
  readonly #deps: RegistryEnforcementDeps;

  constructor(deps: RegistryEnforcementDeps) {
    this.#deps = deps;
  }

  onChange(change: RegistryChange): void {
    const { connections } = this.#deps;
    const concerned =
      change.kind === 'everything' ? [...connections.all()] : [connections.get(change.agentId)];
    for (const connection of concerned) if (connection) this.check(connection);
  }

  check(connection: Connection): void {
    const { objection, versions, end, logger } = this.#deps;
    const objected = objection.to(connection.identity);
    if (objected) {
      const reason = objected.code;
      logger.warn({ event: 'agent_dismissed', ...connection.logFields, reason }, objected.msg);
      return end(connection, reason === 'DECOMMISSIONED' ? ends.decommissioned : ends.unauthorised);
    }
    const minimum = versions.refusedBelow(connection.agentId, connection.hello?.version ?? '');
    if (connection.hello && minimum !== undefined) end(connection, versionTooOld(minimum));
  }
}
