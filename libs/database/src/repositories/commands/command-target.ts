import type { GatewayState, X25519PublicKey } from '@viw/contracts';
import { advisoryLocks } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';

/** What decides whether a gateway takes a command, as it is while the command is being accepted. */
export interface CommandTarget {
  /** Undefined: no such gateway. */
  readonly state: GatewayState | undefined;
  readonly revoked: boolean;
  /** Empty: it has not said. */
  readonly supported_verbs: readonly string[];
  /** To seal secret arguments to; undefined: this gateway can take none. */
  readonly sealing_key: X25519PublicKey | undefined;
  /** An administrator has allowed secret arguments in clear, for an agent that can open no seal. */
  readonly allow_plain_secrets: boolean;
  /** Why nothing is accepted at all; undefined: it is. */
  readonly frozen: { readonly reason: string | null } | undefined;
}

/** For somebody else who accepts a command for the same gateway, or freezes. Beyond it the request fails, retryable. */
const LOCK_TIMEOUT = '2s';

/**
 * Until the end of the transaction no other command is accepted for the gateway, and no freeze begins. In a statement
 * of its own: what is read by later ones is what has been committed by then.
 */
export async function lockAcceptance(trx: Db, agentId: string): Promise<void> {
  await sql`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true),
    pg_advisory_xact_lock_shared(${advisoryLocks.commandAcceptance}),
    pg_advisory_xact_lock(7305, hashtext(${agentId}))`.execute(trx);
}

export interface TargetRow {
  readonly frozen: boolean;
  readonly frozen_reason: string | null;
  readonly state: GatewayState | null;
  readonly revoked: boolean;
  readonly supported_verbs: readonly string[] | null;
  readonly sealing_key: X25519PublicKey | null;
  readonly allow_plain_secrets: boolean | null;
}

/** Columns of `TargetRow`; `targetJoin` has their tables. */
export const targetColumns = sql`t.frozen, t.frozen_reason, g.state, g.revoked_at IS NOT NULL AS revoked,
  g.supported_verbs, g.allow_plain_secrets, k.public_jwk AS sealing_key`;

/** One row, whether there is such a gateway or not. */
export const targetJoin = (agentId: string) => sql`viw.gateway_registry t
  LEFT JOIN viw.os_gateways g ON g.agent_id = ${agentId}
  LEFT JOIN viw.gateway_credentials k ON k.agent_id = g.agent_id AND k.kind = 'sealing' AND k.active`;

/** @param row undefined: on doubt nothing is accepted */
export const targetOf = (row: TargetRow | undefined): CommandTarget => ({
  state: row?.state ?? undefined,
  revoked: row?.revoked ?? false,
  supported_verbs: row?.supported_verbs ?? [],
  sealing_key: row?.sealing_key ?? undefined,
  allow_plain_secrets: row?.allow_plain_secrets ?? false,
  frozen: row?.frozen === false ? undefined : { reason: row?.frozen_reason ?? null },
});
