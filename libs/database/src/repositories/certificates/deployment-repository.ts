import type { ListenerProof } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { RepositoryDeps } from '../repository';
import { lockCertificateOf } from './certificate-lock';

export interface ProvedDeployment {
  readonly virtual_host_id: string;
  readonly certificate_id: string;
  readonly version_id: string;
  readonly operation_id: string;
  /** When the served certificate was seen to be this version. */
  readonly proved_at: string;
  readonly proof?: readonly ListenerProof[];
}

export interface Deployment {
  virtual_host_id: string;
  certificate_id: string;
  version_id: string;
  proved_at: string;
}

/** What is proved to be served where; one is current per virtual host, the others are its past. */
export class DeploymentRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @param fencing from the claim of the operation. @throws AppError CONFLICT when the lease is lost */
  async recordProved(fencing: number, deployment: ProvedDeployment): Promise<void> {
    await inTransaction(this.deps.db, async (trx) => {
      await lockCertificateOf(trx, deployment.operation_id);
      const { rows } = await sql`SELECT 1 FROM viw.certificate_operations
        WHERE id = ${deployment.operation_id} AND status = 'running' AND fencing = ${fencing} FOR UPDATE`.execute(
        trx,
      );
      if (rows.length === 0) throw new AppError('CONFLICT', 'The lease on the operation is lost');
      await sql`UPDATE viw.deployments SET is_current = false
        WHERE virtual_host_id = ${deployment.virtual_host_id} AND is_current`.execute(trx);
      await trx
        .insertInto('deployments')
        .values({
          id: uuidv7(),
          ...deployment,
          proof: deployment.proof ? JSON.stringify(deployment.proof) : null,
        })
        .execute();
    });
  }

  async current(virtualHostId: string): Promise<Deployment | undefined> {
    return this.deps.db
      .selectFrom('deployments')
      .select(['virtual_host_id', 'certificate_id', 'version_id', 'proved_at'])
      .where('virtual_host_id', '=', virtualHostId)
      .where('is_current', '=', true)
      .executeTakeFirst();
  }
}
