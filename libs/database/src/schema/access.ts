import type { Role, Scope } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { Instant, InstantDefault, InstantOrNull, JsonOrNull, SealedEnvelope } from './columns';

export interface AdministratorsTable {
  id: string;
  email: string;
  /** Null: nobody signs in by password. */
  password_hash: string | null;
  /** Both or none. */
  oidc_issuer: string | null;
  oidc_subject: string | null;
  role: Role;
  /** Null: not narrowed. */
  scope: JsonOrNull<Scope>;
  created_at: InstantDefault;
  last_sign_in_at: InstantOrNull;
  disabled_at: InstantOrNull;
  /** Secret of the second factor; it counts once it is confirmed. */
  totp_sealed: JsonOrNull<SealedEnvelope>;
  totp_confirmed_at: InstantOrNull;
  totp_last_step: Generated<number>;
}

export interface SessionsTable {
  token_hash: string;
  csrf_hash: string;
  administrator_id: string;
  created_at: InstantDefault;
  last_used_at: InstantDefault;
  expires_at: Instant;
  address: string | null;
  user_agent: string | null;
}

export interface OidcSignInsTable {
  token_hash: string;
  return_to: string;
  expires_at: Instant;
}

export interface ApiClientsTable {
  id: string;
  name: string;
  role: Role;
  /** Null: not narrowed. */
  scope: JsonOrNull<Scope>;
  created_at: InstantDefault;
  disabled_at: InstantOrNull;
}

export interface ApiKeysTable {
  id: string;
  client_id: string;
  secret_hash: string;
  created_at: InstantDefault;
  expires_at: InstantOrNull;
  revoked_at: InstantOrNull;
  last_used_at: InstantOrNull;
}

export interface ApiClientCertificatesTable {
  sha256: string;
  client_id: string;
  created_at: InstantDefault;
}

export interface TokenKeysTable {
  kid: string;
  sealed: SealedEnvelope;
  created_at: InstantDefault;
  signs_from: InstantDefault;
}

export interface RevokedTokensTable {
  jti: string;
  revoked_at: InstantDefault;
  expires_at: Instant;
}

export interface IdempotencyKeysTable {
  principal: string;
  key: string;
  route: string;
  request_hash: string;
  response_status: number | null;
  response_body: JsonOrNull<unknown>;
  created_at: InstantDefault;
}
