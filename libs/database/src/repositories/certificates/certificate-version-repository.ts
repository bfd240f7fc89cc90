import type { CertificateVersion } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql, type NotNull } from 'kysely';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface NewCertificateVersion {
  /** Made by the caller (UUIDv7): the sealed key is bound to it. */
  readonly id: string;
  readonly certificate_id: string;
  readonly operation_id: string;
  /** The leaf. */
  readonly cert_pem: string;
  /** The intermediates, in order. */
  readonly chain_pem: string;
  readonly private_key_sealed: SealedEnvelope;
  readonly serial: string;
  readonly fingerprint_sha256: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly not_before: string;
  readonly not_after: string;
}

/** With the material that a deployment needs. */
export interface DeployableVersion extends CertificateVersion {
  certificate_id: string;
  cert_pem: string;
  chain_pem: string;
  private_key_sealed: SealedEnvelope;
}

const shown = [
  'id',
  'serial',
  'fingerprint_sha256',
  'issuer',
  'names',
  'not_before',
  'not_after',
  'created_at',
  'revoked_at',
  'quarantined_at',
  'key_destroyed_at',
] as const;

export class CertificateVersionRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Stores it and makes it the certificate's current one. Saving the same id again changes nothing.
   * @param fencing from the claim of the operation
   * @throws AppError CONFLICT when another claim of this certificate came after
   */
  async save(fencing: number, version: NewCertificateVersion): Promise<void> {
    await inTransaction(this.deps.db, async (trx) => {
      const { rows } = await sql`SELECT 1 FROM viw.certificates
        WHERE id = ${version.certificate_id} AND fencing = ${fencing} FOR UPDATE`.execute(trx);
      if (rows.length === 0) throw new AppError('CONFLICT', 'The lease on the certificate is lost');
      await trx
        .insertInto('certificate_versions')
        .values({
          ...version,
          names: [...version.names],
          private_key_sealed: JSON.stringify(version.private_key_sealed),
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
      await sql`UPDATE viw.certificates SET current_version_id = ${version.id}, state = 'active'
        WHERE id = ${version.certificate_id}`.execute(trx);
      await sql`UPDATE viw.certificate_operations SET order_state = 'stored'
        WHERE id = ${version.operation_id} AND order_state IS NOT NULL`.execute(trx);
    });
  }

  /** Undefined for one that is revoked or in quarantine, or whose key was destroyed, too. Only the cert-worker's role may read the sealed key. */
  async getDeployable(id: string): Promise<DeployableVersion | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db
      .selectFrom('certificate_versions')
      .select([...shown, 'certificate_id', 'cert_pem', 'chain_pem', 'private_key_sealed'])
      .where('id', '=', id)
      .where('quarantined_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('private_key_sealed', 'is not', null)
      .$narrowType<{ private_key_sealed: NotNull }>()
      .executeTakeFirst();
  }

  /** Of this certificate. */
  async find(certificateId: string, id: string): Promise<CertificateVersion | undefined> {
    if (!isUuid(certificateId) || !isUuid(id)) return undefined;
    const query = this.deps.db.selectFrom('certificate_versions').select(shown);
    return query.where('certificate_id', '=', certificateId).where('id', '=', id).executeTakeFirst();
  }

  /** The one that was made right before that one. */
  async before(certificateId: string, id: string): Promise<CertificateVersion | undefined> {
    if (!isUuid(certificateId) || !isUuid(id)) return undefined;
    const query = this.deps.db.selectFrom('certificate_versions').select(shown);
    return query
      .where('certificate_id', '=', certificateId)
      .where('id', '<', id)
      .orderBy('id', 'desc')
      .executeTakeFirst();
  }

  /** The leaf as PEM. */
  async leafOf(id: string): Promise<string | undefined> {
    const { db } = this.deps;
    const query = db.selectFrom('certificate_versions').select('cert_pem').where('id', '=', id);
    return (await query.executeTakeFirst())?.cert_pem;
  }

  /** What the operation has stored already: a repeated operation goes on from there. */
  async findByOperation(operationId: string): Promise<CertificateVersion | undefined> {
    return this.deps.db
      .selectFrom('certificate_versions')
      .select(shown)
      .where('operation_id', '=', operationId)
      .orderBy('id', 'desc')
      .executeTakeFirst();
  }

  /** Newest first. */
  async list(certificateId: string, options: ListOptions = {}): Promise<Page<CertificateVersion>> {
    if (!isUuid(certificateId)) return { items: [], next_cursor: null };
    const query = this.deps.db.selectFrom('certificate_versions').select(shown);
    return newestFirst(query.where('certificate_id', '=', certificateId), options);
  }
}
