import type { IncomingHttpHeaders } from 'node:http';
import { agentId as agentIdSchema, limits, timestamp as timestampSchema } from '@viw/contracts';
import type { HandshakeErrorCode } from '@viw/contracts';
import { constantTimeEqual } from '@viw/runtime';
import { handshakeHeader, handshakeHeaderLabel } from './headers';
import { hmacHex } from './hmac';
import { signingString } from './signing-string';

export interface VerifyHandshakeOptions {
  readonly secret: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Largest accepted difference of the clocks, either way, inclusive; 5 min by default. */
  readonly skewMs?: number;
}

export interface ProvenHandshake {
  readonly ok: true;
  readonly agentId: string;
  /** Signed, but perhaps not fresh: claim it in a NonceMemory before the agent is let in. */
  readonly nonce: string;
}

/** `msg` names what is wrong, never a value that was sent. */
export interface RefusedHandshake {
  readonly ok: false;
  readonly code: Extract<HandshakeErrorCode, 'BAD_REQUEST' | 'BAD_SIGNATURE' | 'CLOCK_SKEW'>;
  readonly msg: string;
}

type Field = keyof typeof handshakeHeader;

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const UTC = /(?:Z|[+-]00:00)$/;

const formatFault: Record<Exclude<Field, 'auth'>, (value: string) => string | undefined> = {
  agentId: (value) => (agentIdSchema.safeParse(value).success ? undefined : 'is not an agent id'),
  timestamp: (value) =>
    timestampSchema.safeParse(value).success && UTC.test(value) && !Number.isNaN(Date.parse(value))
      ? undefined
      : 'is not an ISO 8601 instant in UTC',
  nonce: (value) => (UUID_V4.test(value) ? undefined : 'is not a version 4 UUID'),
};

const refuse = (code: RefusedHandshake['code'], msg: string): RefusedHandshake => ({ ok: false, code, msg });

/**
 * Checks the `hmac` proof of identity. In this order: presence and format, signature (constant time), clock. So only
 * the holder of the secret learns from CLOCK_SKEW that the signature was right; whether the nonce is fresh is
 * the caller's next question.
 *
 * @param path the path that was requested, without query
 */
export function verifyHandshake(
  headers: IncomingHttpHeaders,
  path: string,
  { secret, now, skewMs = limits.clockSkewMs }: VerifyHandshakeOptions,
): ProvenHandshake | RefusedHandshake {
  const values = {} as Record<Field, string>;
  for (const field of Object.keys(handshakeHeader) as Field[]) {
    const value = headers[handshakeHeader[field]];
    if (typeof value !== 'string' || value === '')
      return refuse('BAD_REQUEST', `header ${handshakeHeaderLabel[field]} is missing`);
    values[field] = value;
  }
  for (const field of ['agentId', 'timestamp', 'nonce'] as const) {
    const fault = formatFault[field](values[field]);
    if (fault !== undefined) return refuse('BAD_REQUEST', `header ${handshakeHeaderLabel[field]} ${fault}`);
  }
  const { agentId, timestamp, nonce, auth } = values;
  if (!constantTimeEqual(auth, hmacHex(secret, signingString(path, timestamp, nonce, agentId))))
    return refuse('BAD_SIGNATURE', 'X-Agent-Auth does not match');
  if (Math.abs(now - Date.parse(timestamp)) > skewMs)
    return refuse('CLOCK_SKEW', `X-Timestamp differs by more than ${Math.round(skewMs / 1_000)} s`);
  return { ok: true, agentId, nonce: nonce.toLowerCase() };
}
