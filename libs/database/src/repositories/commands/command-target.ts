import type { GatewayState, X25519PublicKey } from '@viw/contracts';

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

export interface TargetRow {
  readonly frozen: boolean;
  readonly frozen_reason: string | null;
  readonly state: GatewayState | null;
  readonly revoked: boolean;
  readonly supported_verbs: readonly string[] | null;
  readonly sealing_key: X25519PublicKey | null;
  /** The same as long as nothing of the target has changed. */
  readonly seen: string;
  readonly allow_plain_secrets: boolean | null;
}

/** @param row undefined: on doubt nothing is accepted */
export const targetOf = (row: TargetRow | undefined): CommandTarget => ({
  state: row?.state ?? undefined,
  revoked: row?.revoked ?? false,
  supported_verbs: row?.supported_verbs ?? [],
  sealing_key: row?.sealing_key ?? undefined,
  allow_plain_secrets: row?.allow_plain_secrets ?? false,
  frozen: row?.frozen === false ? undefined : { reason: row?.frozen_reason ?? null },
});
