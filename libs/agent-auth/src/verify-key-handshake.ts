import type { IncomingHttpHeaders } from 'node:http';
import type { Ed25519PublicKey } from '@viw/contracts';
import { verifyEd25519 } from './ed25519';
import { judgeClock, readHandshakeFields, refuseHandshake } from './handshake-fields';
import type { ClockOptions, ProvenHandshake, RefusedHandshake } from './handshake-fields';
import { signingString } from './signing-string';

export interface VerifyKeyHandshakeOptions extends ClockOptions {
  /** The key that was registered for this agent. */
  readonly keyOf: (agentId: string) => Ed25519PublicKey | undefined;
}

/**
 * Checks the `ed25519` proof of identity, in the order of `verifyHandshake`. An agent without a key gets the answer that a
 * wrong signature gets.
 *
 * @param path the path that was requested, without query
 */
export function verifyKeyHandshake(
  headers: IncomingHttpHeaders,
  path: string,
  { keyOf, ...clock }: VerifyKeyHandshakeOptions,
): ProvenHandshake | RefusedHandshake {
  const read = readHandshakeFields(headers);
  if (!read.ok) return read;
  const { agentId, timestamp, nonce, auth } = read.fields;
  const key = keyOf(agentId);
  if (!key || !verifyEd25519(key, signingString(path, timestamp, nonce, agentId), auth))
    return refuseHandshake('BAD_SIGNATURE', 'X-Agent-Auth does not match');
  return judgeClock(read.fields, clock);
}
