import type { Generated } from 'kysely';
import type { InstantDefault, InstantOrNull, Json, JsonDefault, JsonOrNull, SealedEnvelope } from './columns';

export interface ListenerCertificatesTable {
  /** SHA-256 in hex. */
  id: string;
  names: string[];
  version: Generated<number>;
  pem: string | null;
  sealed: JsonOrNull<SealedEnvelope>;
  not_after: InstantOrNull;
  renew_at: InstantOrNull;
  lease_until: InstantOrNull;
  fencing: Generated<number>;
  failures: Generated<number>;
  next_attempt_at: InstantOrNull;
  failure: JsonOrNull<{ code: string; detail: string }>;
  order_url: string | null;
  order_sealed: JsonOrNull<SealedEnvelope>;
  answers: JsonDefault<Record<string, { answer: string; holder: string }>>;
  used_at: InstantDefault;
}

export interface ListenerAcmeAccountsTable {
  directory_url: string;
  sealed: Json<SealedEnvelope>;
  account_url: string | null;
  created_at: InstantDefault;
}
