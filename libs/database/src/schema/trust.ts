import type { InstantDefault, InstantOrNull, Json, JsonOrNull, SealedEnvelope } from './columns';

/** `signing`: of commands and host policies. `sealing`: of secret results. */
export type CommandKeyPurpose = 'signing' | 'sealing';

/**
 * `announced`: hosts are told, nothing is signed with it yet. `active`: the one in use. `retiring`: what it has signed may
 * still be under way. `retired`: trusted by nobody, its private half is gone.
 */
export type CommandKeyState = 'announced' | 'active' | 'retiring' | 'retired';

export interface CommandKeysTable {
  kid: string;
  purpose: CommandKeyPurpose;
  state: CommandKeyState;
  public_jwk: Json<Record<string, string>>;
  sealed: JsonOrNull<SealedEnvelope>;
  created_at: InstantDefault;
  activated_at: InstantOrNull;
  retiring_at: InstantOrNull;
  retired_at: InstantOrNull;
}

export interface HostPoliciesTable {
  version: number;
  jws: string;
  /** Kept for hosts that were away. */
  changes_keys: boolean;
  frozen: boolean;
  created_at: InstantDefault;
}
