import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';
import type { StoredRevocationList } from './certificate-authority-repository';

/** The authority for web servers, whose key a cert-worker holds. */
export interface WebAuthority {
  id: string;
  /** PKCS #10, PEM. */
  request: string;
  request_sealed: SealedEnvelope | null;
  key_sealed: SealedEnvelope;
  /** Null until the backend has certified it. */
  pem: string | null;
  /** The former root's word for the present one, to be shown after `pem`, until the former has ended. */
  cross_pem: string | null;
  crl_number: number | null;
  crl_digest: string | null;
  crl_this_update: string | null;
}

export type WebRevocationReason =
  'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation';

export interface WebRevocation {
  serial: string;
  reason: WebRevocationReason;
  revoked_at: string;
}

/** A request for an authority that is not certified yet. */
export interface AuthorityRequestRecord {
  id: string;
  purpose: 'web-services';
  /** PKCS #10, PEM. */
  request: string;
  /** The same, sealed by who has made it; null: by nobody yet. */
  request_sealed: SealedEnvelope | null;
}

export interface NewAuthorityRequest extends Pick<AuthorityRequestRecord, 'id' | 'request'> {
  readonly requestSealed: SealedEnvelope;
  readonly keySealed: SealedEnvelope;
}

/** What a cert-worker keeps of its own authority, and what the backend reads of it. */
export class WebAuthorityRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async find(): Promise<WebAuthority | undefined> {
    const { rows } = await sql<WebAuthority>`
      SELECT r.id, r.request, r.request_sealed, r.key_sealed, a.pem, CASE WHEN f.ended_at IS NULL THEN root.cross_pem END AS cross_pem,
        a.crl_number, a.crl_digest, a.crl_this_update
      FROM viw.authority_requests r
      LEFT JOIN viw.certificate_authorities a ON a.id = r.id
      LEFT JOIN viw.certificate_authorities root ON root.id = a.issuer_id
      LEFT JOIN viw.certificate_authorities f ON f.id = root.cross_issuer_id
      WHERE r.purpose = 'web-services'`.execute(this.deps.db);
    return rows[0];
  }

  /** The first to come counts. `id` is the caller's: the envelopes are bound to it. */
  async request({ id, request, requestSealed, keySealed }: NewAuthorityRequest): Promise<void> {
    await sql`INSERT INTO viw.authority_requests (id, purpose, request, request_sealed, key_sealed)
      VALUES (${id}::uuid, 'web-services', ${request}, ${JSON.stringify(requestSealed)}::jsonb,
        ${JSON.stringify(keySealed)}::jsonb)
      ON CONFLICT (purpose) DO NOTHING`.execute(this.deps.db);
  }

  /** Nothing when the request is another one by now. */
  async confirm(id: string, request: string, requestSealed: SealedEnvelope): Promise<void> {
    await sql`UPDATE viw.authority_requests SET request_sealed = ${JSON.stringify(requestSealed)}::jsonb
      WHERE id = ${id}::uuid AND request = ${request}`.execute(this.deps.db);
  }

  /** Not certified yet. */
  async requests(): Promise<AuthorityRequestRecord[]> {
    const { rows } = await sql<AuthorityRequestRecord>`
      SELECT r.id, r.purpose, r.request, r.request_sealed FROM viw.authority_requests r
      WHERE NOT EXISTS (SELECT FROM viw.certificate_authorities a WHERE a.purpose = r.purpose)`.execute(
      this.deps.db,
    );
    return rows;
  }

  /** Once; the first reason counts. */
  async revoke(
    authorityId: string,
    revoked: { serial: string; reason: WebRevocationReason; notAfter: Date },
  ): Promise<void> {
    await sql`INSERT INTO viw.web_revocations (authority_id, serial, reason, not_after)
      VALUES (${authorityId}::uuid, ${revoked.serial}, ${revoked.reason}, ${revoked.notAfter}::timestamptz)
      ON CONFLICT (authority_id, serial) DO NOTHING`.execute(this.deps.db);
  }

  /** Those that have not been expired for a week, by serial number. */
  async revoked(authorityId: string): Promise<WebRevocation[]> {
    const { rows } = await sql<WebRevocation>`
      SELECT serial, reason, revoked_at FROM viw.web_revocations
      WHERE authority_id = ${authorityId}::uuid AND not_after > now() - interval '7 days' ORDER BY serial`.execute(
      this.deps.db,
    );
    return rows;
  }

  /** Those that have been expired for 90 days. */
  async forgetExpired(): Promise<void> {
    await sql`DELETE FROM viw.web_revocations WHERE not_after < now() - interval '90 days'`.execute(
      this.deps.db,
    );
  }

  /** False: another list was stored meanwhile, and nothing has changed. */
  async storeRevocationList(authorityId: string, list: StoredRevocationList): Promise<boolean> {
    const { rows } = await sql<{ stored: boolean }>`
      SELECT viw.store_web_revocation_list(${authorityId}::uuid, ${list.after}::bigint, ${list.number}::bigint,
        ${list.der}::bytea, ${list.digest}, ${list.thisUpdate}::timestamptz, ${list.nextUpdate}::timestamptz) AS stored`.execute(
      this.deps.db,
    );
    return rows[0]?.stored === true;
  }
}
