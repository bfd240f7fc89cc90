import type { IncomingHttpHeaders } from 'node:http';
import { agentId as agentIdSchema, limits, timestamp as timestampSchema } from '@viw/contracts';
import type { HandshakeErrorCode } from '@viw/contracts';
import { handshakeHeader, handshakeHeaderLabel } from './headers';

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

export interface ClockOptions {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Largest accepted difference of the clocks, either way, inclusive; 5 min by default. */
  readonly skewMs?: number;
}

type Field = keyof typeof handshakeHeader;
/** The four headers, each present and well-formed; `auth` in form only as far as its way checks it. */
export type HandshakeFields = Readonly<Record<Field, string>>;

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

export const refuseHandshake = (code: RefusedHandshake['code'], msg: string): RefusedHandshake => ({
  ok: false,
  code,
  msg,
});

export function readHandshakeFields(
  headers: IncomingHttpHeaders,
): { readonly ok: true; readonly fields: HandshakeFields } | RefusedHandshake {
  const fields = {} as Record<Field, string>;
  for (const field of Object.keys(handshakeHeader) as Field[]) {
    const value = headers[handshakeHeader[field]];
    if (typeof value !== 'string' || value === '')
      return refuseHandshake('BAD_REQUEST', `header ${handshakeHeaderLabel[field]} is missing`);
    fields[field] = value;
  }
  for (const field of ['agentId', 'timestamp', 'nonce'] as const) {
    const fault = formatFault[field](fields[field]);
    if (fault !== undefined)
      return refuseHandshake('BAD_REQUEST', `header ${handshakeHeaderLabel[field]} ${fault}`);
  }
  return { ok: true, fields };
}

/** The last question, after the signature: so only its maker learns from CLOCK_SKEW that it was right. */
export function judgeClock(
  { agentId, timestamp, nonce }: HandshakeFields,
  { now, skewMs = limits.clockSkewMs }: ClockOptions,
): ProvenHandshake | RefusedHandshake {
  if (Math.abs(now - Date.parse(timestamp)) > skewMs)
    return refuseHandshake('CLOCK_SKEW', `X-Timestamp differs by more than ${Math.round(skewMs / 1_000)} s`);
  return { ok: true, agentId, nonce: nonce.toLowerCase() };
}
