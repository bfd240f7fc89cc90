import type { AgentsRole } from './agents/agents-role';
import type { BareHubRole } from './bare-hub';
import type { SendersRole } from './senders/senders-role';

/** What a process of this package can be. */
export interface Roles {
  readonly agents: AgentsRole;
  readonly senders: SendersRole;
  readonly 'bare-hub': BareHubRole;
}

export type RoleName = keyof Roles;
