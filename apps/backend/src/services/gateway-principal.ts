import type { Principal } from '@viw/database';

/** A gateway that acts for itself, as the audit log names it. */
export const gatewayPrincipal = (agentId: string): Principal => ({
  kind: 'gateway',
  id: agentId,
  name: agentId,
});
