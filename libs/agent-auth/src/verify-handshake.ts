import type { IncomingHttpHeaders } from 'node:http';
import { constantTimeEqual } from '@viw/runtime';
import { judgeClock, readHandshakeFields, refuseHandshake } from './handshake-fields';
import type { ClockOptions, ProvenHandshake, RefusedHandshake } from './handshake-fields';
import { hmacHex } from './hmac';
import { signingString } from './signing-string';

export interface VerifyHandshakeOptions extends ClockOptions {
  readonly secret: string;
}

/**
 * Checks the `hmac` proof of identity. In this order: presence and format, signature (constant time), clock. Whether the
 * nonce is fresh is the caller's next question.
 *
 * @param path the path that was requested, without query
 */
export function verifyHandshake(
  headers: IncomingHttpHeaders,
  path: string,
  { secret, ...clock }: VerifyHandshakeOptions,
): ProvenHandshake | RefusedHandshake {
  const read = readHandshakeFields(headers);
  if (!read.ok) return read;
  const { agentId, timestamp, nonce, auth } = read.fields;
  if (!constantTimeEqual(auth, hmacHex(secret, signingString(path, timestamp, nonce, agentId))))
    return refuseHandshake('BAD_SIGNATURE', 'X-Agent-Auth does not match');
  return judgeClock(read.fields, clock);
}
