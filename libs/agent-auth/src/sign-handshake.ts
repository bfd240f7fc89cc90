import { randomUUID } from 'node:crypto';
import type { handshakeHeaderLabel } from './headers';
import { hmacHex } from './hmac';
import { signingString } from './signing-string';

export interface SignHandshakeInput {
  readonly secret: string;
  readonly agentId: string;
  /** The path that will be requested, without query. */
  readonly path: string;
  /** Milliseconds since the Unix epoch, by the hub's clock as far as it is known. */
  readonly now: number;
  /** UUIDv4; a fresh one by default. Never use one twice. */
  readonly nonce?: string;
}

/** The four headers that prove an agent's identity by the shared secret (`hmac`). */
export function signHandshake({
  secret,
  agentId,
  path,
  now,
  nonce = randomUUID(),
}: SignHandshakeInput): Record<(typeof handshakeHeaderLabel)[keyof typeof handshakeHeaderLabel], string> {
  const timestamp = new Date(now).toISOString();
  return {
    'X-Agent-Id': agentId,
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Agent-Auth': hmacHex(secret, signingString(path, timestamp, nonce, agentId)),
  };
}
