import { isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** What is told of a certificate operation beside what its event says. */
export interface CertificateFacts {
  names: string[];
  /** Servers where the operation has deployed. */
  servers: string[];
}

export class CertificateFactsRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Undefined: there is no such certificate. */
  async of(certificateId: string, operationId: string): Promise<CertificateFacts | undefined> {
    if (!isUuid(certificateId) || !isUuid(operationId)) return undefined;
    const { rows } = await sql<CertificateFacts>`
      SELECT c.names, ARRAY(SELECT DISTINCT t.server_name FROM viw.certificate_operation_targets t
        WHERE t.operation_id = ${operationId} AND t.state = 'done' ORDER BY 1 LIMIT 50) AS servers
      FROM viw.certificates c WHERE c.id = ${certificateId}`.execute(this.deps.db);
    return rows[0];
  }
}
