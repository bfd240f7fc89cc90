import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { signEd25519 } from './ed25519';
import type { handshakeHeaderLabel } from './headers';
import { hmacHex } from './hmac';
import { signingString } from './signing-string';

export interface HandshakeFacts {
  readonly agentId: string;
  /** The path that will be requested, without query. */
  readonly path: string;
  /** Milliseconds since the Unix epoch, by the hub's clock as far as it is known. */
  readonly now: number;
  /** UUIDv4; a fresh one by default. Never use one twice. */
  readonly nonce?: string;
}

export interface SignHandshakeInput extends HandshakeFacts {
  readonly secret: string;
}

export interface SignKeyHandshakeInput extends HandshakeFacts {
  /** Ed25519. */
  readonly privateKey: KeyObject;
}

type Headers = Record<(typeof handshakeHeaderLabel)[keyof typeof handshakeHeaderLabel], string>;

/** The four headers that prove an agent's identity by the shared secret (`hmac`). */
export const signHandshake = ({ secret, ...facts }: SignHandshakeInput): Headers =>
  headersOf(facts, (text) => hmacHex(secret, text));

/** The same headers, by the agent's own key (`ed25519`). */
export const signKeyHandshake = ({ privateKey, ...facts }: SignKeyHandshakeInput): Headers =>
  headersOf(facts, (text) => signEd25519(privateKey, text));

function headersOf(
  { agentId, path, now, nonce = randomUUID() }: HandshakeFacts,
  sign: (text: string) => string,
): Headers {
  const timestamp = new Date(now).toISOString();
  return {
    'X-Agent-Id': agentId,
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Agent-Auth': sign(signingString(path, timestamp, nonce, agentId)),
  };
}
