import { findVerb } from '@viw/commands';
import type { Connection } from '../connection/connection';
import type { AgentVersions } from './agent-versions';
import type { GatewayRegistry } from './gateway-registry';
import type { RegistrySync } from './registry-sync';

export interface CommandPolicyDeps {
  readonly registry: GatewayRegistry;
  readonly sync: Pick<RegistrySync, 'isCurrent'>;
  readonly versions: AgentVersions;
}

/** Which commands may leave this hub. */
export class CommandPolicy {
  readonly #deps: CommandPolicyDeps;

  constructor(deps: CommandPolicyDeps) {
    this.#deps = deps;
  }

  /**
   * Whether a command may be sent to the agent at this moment. While it may not, commands stay where they are: everything is
   * frozen, nobody has adopted the gateway, or what is known is too old to tell.
   */
  maySend({ agentId }: Pick<Connection, 'agentId'>): boolean {
    const { registry, sync } = this.#deps;
    return !registry.isFrozen && sync.isCurrent && registry.entry(agentId)?.state === 'active';
  }

  /** Why this agent never gets this verb, for people; undefined: it does. */
  objection({ agentId, hello }: Pick<Connection, 'agentId' | 'hello'>, verb: string): string | undefined {
    if (hello?.supported_verbs && !hello.supported_verbs.includes(verb))
      return `the agent does not offer ${verb}`;
    const minimum = this.#deps.versions.onlyReadsBelow(agentId, hello?.version ?? '');
    if (minimum === undefined || findVerb(verb)?.risk === 'read') return undefined;
    return `the agent is older than ${minimum}: only verbs that read are sent to it`;
  }
}
