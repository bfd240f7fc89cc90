import { rollbackParameters } from '@viw/contracts';
import type { OperationWork, VersionReturnRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { StepJournal } from '../operation/step-journal';
import type { Deployment } from './deployment';

export interface RollbackDeps {
  readonly returns: Pick<VersionReturnRepository, 'isReturnable' | 'putInService'>;
  readonly deployment: Pick<Deployment, 'run'>;
}

/**
 * Puts a version of before back into service: deployed and proved as any other, and only then the certificate's current one.
 * Repeatable.
 */
export class Rollback {
  constructor(private readonly deps: RollbackDeps) {}

  /**
   * @throws AppError as `Deployment.run`; DEPLOY_REFUSED when the version is revoked, in quarantine, expired, without its key, or
   *   none of this certificate: nothing is touched then
   */
  async run(work: OperationWork, journal: StepJournal, signal: AbortSignal): Promise<void> {
    const asked = rollbackParameters.safeParse(work.parameters).data;
    if (!asked) throw new AppError('VALIDATION_FAILED', 'the operation does not say which version');
    const { version_id: versionId } = asked;
    const { returns, deployment } = this.deps;
    if (!(await returns.isReturnable(work.certificate_id, versionId)))
      throw new AppError('DEPLOY_REFUSED', 'the version may not be served any more', {
        meta: { retry: 'never' },
      });
    await deployment.run(work, versionId, journal, signal);
    await returns.putInService(work.fencing, work.certificate_id, versionId);
  }
}
