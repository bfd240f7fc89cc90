import type { AuthorityPurpose, CertificateRevocationReason, ServiceProfile } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { Instant, InstantDefault, InstantOrNull, Json, JsonOrNull, SealedEnvelope } from './columns';

export interface CertificateAuthoritiesTable {
  id: string;
  purpose: AuthorityPurpose;
  issuer_id: string | null;
  subject: string;
  pem: string;
  /** Lower-case hex, of the DER form. */
  fingerprint_sha256: string;
  not_before: Instant;
  not_after: Instant;
  /** Null: the key is held by who asked for the authority. */
  sealed: JsonOrNull<SealedEnvelope>;
  created_at: InstantDefault;
  /** DER of the newest revocation list. */
  crl: Buffer | null;
  crl_number: Generated<number>;
  crl_digest: string | null;
  crl_this_update: InstantOrNull;
  crl_next_update: InstantOrNull;
  /** Null: the present one of its purpose, or an announced one. */
  superseded_at: InstantOrNull;
  /** Published, and in use from then on; null: it is, or was, in use. */
  announced_until: InstantOrNull;
  /** Since when nobody is told to trust it. */
  ended_at: InstantOrNull;
  /** Of a root: its name and key, signed by the root before it, which is `cross_issuer_id`. */
  cross_pem: string | null;
  cross_issuer_id: string | null;
  /** Of the web authority: by which it was certified before. */
  former_pems: Generated<string[]>;
}

export interface IssuedCertificatesTable {
  authority_id: string;
  /** 32 lower-case hex digits. */
  serial: string;
  agent_id: string;
  fingerprint_sha256: string;
  /** SHA-256 of its SubjectPublicKeyInfo in hex. */
  key_sha256: string;
  pem: string;
  not_before: Instant;
  not_after: Instant;
  created_at: InstantDefault;
}

export interface ServiceCertificatesTable {
  id: string;
  authority_id: string;
  /** 32 lower-case hex digits. */
  serial: string;
  profile: ServiceProfile;
  subject: string;
  names: string[];
  fingerprint_sha256: string;
  pem: string;
  not_before: Instant;
  not_after: Instant;
  created_at: InstantDefault;
  revoked_at: InstantOrNull;
  revocation_reason: CertificateRevocationReason | null;
}

export interface AuthorityRequestsTable {
  id: string;
  purpose: 'web-services';
  request: string;
  /** The same, sealed by who has made it: only what is confirmed so is certified. */
  request_sealed: JsonOrNull<SealedEnvelope>;
  key_sealed: Json<SealedEnvelope>;
  created_at: InstantDefault;
}

export interface WebRevocationsTable {
  authority_id: string;
  serial: string;
  reason: 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation';
  revoked_at: InstantDefault;
  not_after: Instant;
}
