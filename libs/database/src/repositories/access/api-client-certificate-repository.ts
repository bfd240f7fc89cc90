import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import { isForeignKeyViolation, isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';
import type { TokenClient } from './revoked-token-repository';

export interface ApiClientCertificate {
  sha256: string;
  client_id: string;
  created_at: string;
}

/** Client certificates by which API clients are known: SHA-256 of their DER form in hex, lower-case. */
export class ApiClientCertificateRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError NOT_FOUND without such a client, ALREADY_EXISTS when it is somebody's */
  async add(clientId: string, sha256: string): Promise<ApiClientCertificate> {
    if (!isUuid(clientId)) throw new AppError('NOT_FOUND', 'No such API client');
    try {
      return await this.deps.db
        .insertInto('api_client_certificates')
        .values({ client_id: clientId, sha256 })
        .returning(['sha256', 'client_id', 'created_at'])
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error))
        throw new AppError('ALREADY_EXISTS', 'The certificate is a client’s already');
      if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such API client');
      throw error;
    }
  }

  /** Newest first. */
  async list(clientId: string): Promise<ApiClientCertificate[]> {
    if (!isUuid(clientId)) return [];
    return this.deps.db
      .selectFrom('api_client_certificates')
      .select(['sha256', 'client_id', 'created_at'])
      .where('client_id', '=', clientId)
      .orderBy('created_at', 'desc')
      .execute();
  }

  /** False when the client had no such certificate. */
  async remove(clientId: string, sha256: string): Promise<boolean> {
    if (!isUuid(clientId)) return false;
    const result = await this.deps.db
      .deleteFrom('api_client_certificates')
      .where('client_id', '=', clientId)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** Undefined when it is nobody's, or its client is disabled. */
  async findClient(sha256: string): Promise<TokenClient | undefined> {
    const { rows } = await sql<TokenClient>`
      SELECT c.id AS client_id, c.name AS client_name, c.role, c.scope
      FROM viw.api_client_certificates k JOIN viw.api_clients c ON c.id = k.client_id
      WHERE k.sha256 = ${sha256} AND c.disabled_at IS NULL`.execute(this.deps.db);
    return rows[0];
  }
}
