import { AppError } from '@viw/runtime';
import type { Deployment } from '../deploy/deployment';
import type { Rollback } from '../deploy/rollback';
import type { Issuance } from '../issue/issuance';
import type { Revocation } from '../issue/revocation';
import type { Performance } from './operation-runner';

export interface OperationKindsDeps {
  readonly issuance: Pick<Issuance, 'run'>;
  readonly deployment: Pick<Deployment, 'run'>;
  readonly revocation: Pick<Revocation, 'run'>;
  readonly rollback: Pick<Rollback, 'run'>;
}

/** What each kind of operation consists of. */
export const operationKinds =
  ({ issuance, deployment, revocation, rollback }: OperationKindsDeps): Performance =>
  async (work, journal, signal) => {
    // Accepted before the revocation and overtaken by it: nothing brings the certificate back into service.
    if (work.state === 'revoked' && work.kind !== 'revoke')
      throw new AppError('DEPLOY_REFUSED', 'the certificate is revoked', { meta: { retry: 'never' } });
    switch (work.kind) {
      case 'issue':
      case 'renew': {
        const versionId = await issuance.run(work, journal, signal);
        await deployment.run(work, versionId, journal, signal);
        return;
      }
      case 'deploy': {
        if (work.current_version_id === null)
          throw new AppError('DEPLOY_REFUSED', 'the certificate has no version that could be deployed');
        await deployment.run(work, work.current_version_id, journal, signal);
        return;
      }
      case 'revoke':
        await revocation.run(work, journal, signal);
        return;
      case 'rollback':
        await rollback.run(work, journal, signal);
        return;
      default:
        throw new AppError('NOT_IMPLEMENTED', `this cert-worker cannot ${work.kind} certificates yet`);
    }
  };
