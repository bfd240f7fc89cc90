import { signHandshake } from '@viw/agent-auth';

/** How this agent proves who it is. */
export interface AgentIdentity {
  readonly agentId: string;
  /** Headers of one handshake; never the same twice. `now`: milliseconds, by the hub's clock. */
  headers(path: string, now: number): Readonly<Record<string, string>>;
}

/** By the secret that all agents share during an early roll-out. */
export const hmacIdentity = (agentId: string, secret: string): AgentIdentity => ({
  agentId,
  headers: (path, now) => signHandshake({ secret, agentId, path, now }),
});
