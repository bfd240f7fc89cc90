import type { AcmeAccountFailure, KeyType, ListenerProof, OperationKind, OrderState } from '@viw/contracts';
import type { Generated, GeneratedAlways } from 'kysely';
import type {
  Instant,
  InstantDefault,
  InstantOrNull,
  Json,
  JsonDefault,
  JsonOrNull,
  SealedEnvelope,
} from './columns';

export interface CertificatesTable {
  id: string;
  names: string[];
  issuer: string;
  challenge: string;
  dns_provider_id: string | null;
  http_via: Generated<'responder' | 'server'>;
  key_type: KeyType;
  state: Generated<'pending' | 'active' | 'failed' | 'revoked'>;
  current_version_id: string | null;
  renew_at: InstantOrNull;
  fencing: Generated<number>;
  created_by: string;
  created_at: InstantDefault;
  /** When it was retired. */
  deleted_at: InstantOrNull;
  in_service: GeneratedAlways<boolean>;
}

export interface CertificateOperationsTable {
  id: string;
  certificate_id: string;
  kind: OperationKind;
  status: Generated<'accepted' | 'running' | 'succeeded' | 'failed'>;
  parameters: JsonDefault<Record<string, unknown>>;
  issued_by_kind: string;
  issued_by_id: string;
  issued_by_name: string;
  correlation_id: string | null;
  created_at: InstantDefault;
  started_at: InstantOrNull;
  finished_at: InstantOrNull;
  error_code: string | null;
  error_msg: string | null;
  attempts: Generated<number>;
  lease_owner: string | null;
  lease_until: InstantOrNull;
  fencing: Generated<number>;
  order_url: string | null;
  order_state: OrderState | null;
  requeued_at: InstantOrNull;
  batch_id: Generated<string | null>;
  batch_position: Generated<number | null>;
}

export interface CertificateOperationStepsTable {
  id: Generated<number>;
  operation_id: string;
  step: string;
  status: 'started' | 'done' | 'failed' | 'skipped';
  virtual_host_id: string | null;
  detail: string | null;
  duration_ms: number | null;
  at: Instant;
}

export interface CertificateOperationTargetsTable {
  operation_id: string;
  virtual_host_id: string;
  server_id: string;
  server_name: string;
  wave: number;
  state: Generated<'waiting' | 'running' | 'done' | 'failed' | 'skipped'>;
  detail: string | null;
  started_at: InstantOrNull;
  finished_at: InstantOrNull;
}

export interface ServedChecksTable {
  virtual_host_id: string;
  version_id: string;
  outcome: 'served' | 'drifted' | 'unknown';
  detail: string | null;
  looks: Generated<number>;
  checked_at: InstantDefault;
  since: InstantDefault;
}

export interface CertificateOrderKeysTable {
  operation_id: string;
  order_url: string;
  private_key_sealed: Json<SealedEnvelope>;
  created_at: InstantDefault;
}

export interface CertificateVersionsTable {
  id: string;
  certificate_id: string;
  operation_id: string | null;
  cert_pem: string;
  chain_pem: string;
  private_key_sealed: JsonOrNull<SealedEnvelope>;
  serial: string;
  fingerprint_sha256: string;
  issuer: string;
  names: string[];
  not_before: Instant;
  not_after: Instant;
  created_at: InstantDefault;
  revoked_at: InstantOrNull;
  quarantined_at: InstantOrNull;
  key_destroyed_at: InstantOrNull;
}

export interface DeploymentsTable {
  id: string;
  virtual_host_id: string;
  certificate_id: string;
  version_id: string;
  operation_id: string | null;
  proved_at: Instant;
  proof: Json<ListenerProof[]> | null;
  is_current: Generated<boolean>;
  stored_at: InstantDefault;
}

export interface AcmeAccountsTable {
  id: string;
  directory_url: string;
  /** Null until a cert-worker has made the key. */
  key_sealed: JsonOrNull<SealedEnvelope>;
  account_url: string | null;
  contact: Generated<string[]>;
  created_at: InstantDefault;
  origin: Generated<'environment' | 'api'>;
  issuer: Generated<string>;
  label: string | null;
  directory_ca: string | null;
  key_type: Generated<KeyType>;
  eab_kid: string | null;
  eab_key_sealed: JsonOrNull<SealedEnvelope>;
  terms_agreed: Generated<boolean>;
  preferred_chain: string | null;
  profile: string | null;
  wanted: 'register' | 'deactivate' | null;
  revision: Generated<number>;
  attempts: Generated<number>;
  next_attempt_at: InstantOrNull;
  failure: JsonOrNull<AcmeAccountFailure>;
  deactivated_at: InstantOrNull;
}

export interface RenewalPlansTable {
  certificate_id: string;
  version_id: string;
  due_at: Instant;
  reason: 'ari' | 'lifetime' | 'emergency';
  jitter: number;
  suggested_start: InstantOrNull;
  suggested_end: InstantOrNull;
  suggested_instant: InstantOrNull;
  suggestion_url: string | null;
  heard_at: InstantOrNull;
  ask_failures: Generated<number>;
  look_again_at: Instant;
  planned_at: InstantDefault;
  note: string | null;
}

export interface CertificateFailuresTable {
  certificate_id: string;
  operation_id: string;
  next_kind: 'issue' | 'renew' | 'deploy' | 'revoke';
  attempts: number;
  first_failed_at: InstantDefault;
  failed_at: InstantDefault;
  retry_at: InstantOrNull;
  code: string;
  problem_type: string | null;
  went_wrong: string;
  viw_does: string;
  you_can: string | null;
}

export interface ChallengeAnswersTable {
  type: 'http-01' | 'tls-alpn-01';
  key: string;
  key_authorization: string;
  holder: string;
  expires_at: Instant;
}

export interface CertificateAlertsTable {
  certificate_id: string;
  kind: 'certificate.expiring' | 'renewal.failing';
  severity: 'warning' | 'critical';
  told_at: InstantDefault;
}
