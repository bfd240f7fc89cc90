import type { KeyObject } from 'node:crypto';
import { signHandshake, signKeyHandshake } from '@viw/agent-auth';

/** How this agent proves who it is. */
export interface AgentIdentity {
  readonly agentId: string;
  /** For people. */
  readonly way: 'key' | 'certificate' | 'shared secret';
  /** Headers of one handshake; never the same twice. `now`: milliseconds, by the hub's clock. */
  headers(path: string, now: number): Readonly<Record<string, string>>;
}

/** By the secret that all agents share during an early roll-out. */
export const hmacIdentity = (agentId: string, secret: string): AgentIdentity => ({
  agentId,
  way: 'shared secret',
  headers: (path, now) => signHandshake({ secret, agentId, path, now }),
});

/** By a key of its own, whose public half is registered for this gateway. `key` is asked for each handshake. */
export const keyIdentity = (agentId: string, key: () => KeyObject): AgentIdentity => ({
  agentId,
  way: 'key',
  headers: (path, now) => signKeyHandshake({ privateKey: key(), agentId, path, now }),
});

/** By the client certificate of the TLS connection alone. The id is said for the logs on the other end. */
export const certificateIdentity = (agentId: string): AgentIdentity => ({
  agentId,
  way: 'certificate',
  headers: () => ({ 'X-Agent-Id': agentId }),
});
