import type { CertificateVersion } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql, type NotNull } from 'kysely';
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
    const { id, certificate_id, operation_id } = version;
    // One statement: a worker that stands still in the middle of its save has locked nothing.
    const { rows } = await sql`
      WITH held AS (
        SELECT id FROM viw.certificates WHERE id = ${certificate_id} AND fencing = ${fencing} FOR UPDATE
      ), stored AS (
        INSERT INTO viw.certificate_versions (id, certificate_id, operation_id, cert_pem, chain_pem, private_key_sealed,
          serial, fingerprint_sha256, issuer, names, not_before, not_after)
        SELECT ${id}::uuid, held.id, ${operation_id}::uuid, ${version.cert_pem}, ${version.chain_pem},
          ${JSON.stringify(version.private_key_sealed)}::jsonb, ${version.serial}, ${version.fingerprint_sha256},
          ${version.issuer}, ${[...version.names]}::text[], ${version.not_before}::timestamptz, ${version.not_after}::timestamptz
        FROM held ON CONFLICT (id) DO NOTHING
      ), operation AS (
        UPDATE viw.certificate_operations SET order_state = 'stored'
        WHERE id = ${operation_id} AND order_state IS NOT NULL AND EXISTS (SELECT FROM held)
      )
      UPDATE viw.certificates c SET current_version_id = ${id}, state = 'active' FROM held WHERE c.id = held.id
      RETURNING 1`.execute(this.deps.db);
    if (rows.length === 0) throw new AppError('CONFLICT', 'The lease on the certificate is lost');
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
