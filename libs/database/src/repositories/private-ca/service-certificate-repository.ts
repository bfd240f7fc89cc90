import type { CertificateRevocationReason, ServiceProfile } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { RepositoryDeps } from '../repository';

export interface ServiceCertificateRecord {
  readonly id: string;
  readonly authority_id: string;
  readonly serial: string;
  readonly profile: ServiceProfile;
  readonly subject: string;
  readonly names: string[];
  readonly fingerprint_sha256: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly created_at: string;
  readonly revoked_at: string | null;
  readonly revocation_reason: CertificateRevocationReason | null;
}

export interface NewServiceCertificate {
  readonly authorityId: string;
  readonly serial: string;
  readonly profile: ServiceProfile;
  readonly subject: string;
  readonly names: readonly string[];
  readonly fingerprintSha256: string;
  readonly pem: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Null: not revoked. */
export interface SerialStatus {
  readonly serial: string;
  readonly revoked: { readonly at: string; readonly reason: CertificateRevocationReason } | null;
}

const shown = [
  ...(['id', 'authority_id', 'serial', 'profile', 'subject', 'names', 'fingerprint_sha256'] as const),
  ...(['not_before', 'not_after', 'created_at', 'revoked_at', 'revocation_reason'] as const),
];

/** What people have had issued by the private authorities. */
export class ServiceCertificateRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async add(issued: NewServiceCertificate): Promise<ServiceCertificateRecord> {
    return this.deps.db
      .insertInto('service_certificates')
      .values({
        id: uuidv7(),
        authority_id: issued.authorityId,
        serial: issued.serial,
        profile: issued.profile,
        subject: issued.subject,
        names: [...issued.names],
        fingerprint_sha256: issued.fingerprintSha256,
        pem: issued.pem,
        not_before: issued.notBefore,
        not_after: issued.notAfter,
      })
      .returning(shown)
      .executeTakeFirstOrThrow();
  }

  /** Newest first. */
  list(authorityId: string, options: ListOptions): Promise<Page<ServiceCertificateRecord>> {
    return newestFirst(
      this.deps.db.selectFrom('service_certificates').select(shown).where('authority_id', '=', authorityId),
      options,
    );
  }

  /** For good: what is revoked stays so, with the first reason. Undefined: there is no such certificate. */
  async revoke(
    authorityId: string,
    serial: string,
    reason: CertificateRevocationReason,
  ): Promise<{ readonly changed: boolean; readonly certificate: ServiceCertificateRecord } | undefined> {
    const { numUpdatedRows } = await this.deps.db
      .updateTable('service_certificates')
      .set({ revoked_at: sql<string>`now()`, revocation_reason: reason })
      .where('authority_id', '=', authorityId)
      .where('serial', '=', serial)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    const certificate = await this.deps.db
      .selectFrom('service_certificates')
      .select(shown)
      .where('authority_id', '=', authorityId)
      .where('serial', '=', serial)
      .executeTakeFirst();
    return certificate && { changed: numUpdatedRows > 0n, certificate };
  }

  /** Revoked ones that have not been expired for a week, by serial number. */
  async listed(
    authorityId: string,
  ): Promise<{ serial: string; at: string; reason: CertificateRevocationReason }[]> {
    const { rows } = await sql<{ serial: string; at: string; reason: CertificateRevocationReason }>`
      SELECT serial, revoked_at AS at, revocation_reason AS reason FROM viw.service_certificates
      WHERE authority_id = ${authorityId} AND revoked_at IS NOT NULL AND not_after > now() - interval '7 days'
      ORDER BY serial`.execute(this.deps.db);
    return rows;
  }

  /** Of those that there are. */
  async statuses(authorityId: string, serials: readonly string[]): Promise<SerialStatus[]> {
    const rows = await this.deps.db
      .selectFrom('service_certificates')
      .select(['serial', 'revoked_at', 'revocation_reason'])
      .where('authority_id', '=', authorityId)
      .where('serial', 'in', serials)
      .execute();
    return rows.map(({ serial, revoked_at: at, revocation_reason: reason }) => ({
      serial,
      revoked: at === null || reason === null ? null : { at, reason },
    }));
  }

  /** Those that have been expired for 90 days. */
  async forgetExpired(): Promise<void> {
    await sql`DELETE FROM viw.service_certificates WHERE not_after < now() - interval '90 days'`.execute(
      this.deps.db,
    );
  }
}
