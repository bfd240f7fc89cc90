import { DeployProgress } from './deploy-progress';
import { deploySteps } from './deploy-steps';
import type { DeployMaterial, DeployResult, DeployStepEvent, DeployTarget } from './deploy-types';
import { withRollback } from './errors';
import { rollBack } from './rollback';
import type { SshConnection } from './ssh-connection';
import { timed } from './timed-step';

export interface DeployOptions {
  target: DeployTarget;
  material: DeployMaterial;
  /** Awaited. A failure in it counts as a failure of the step. */
  onStep?: (event: DeployStepEvent) => void | Promise<void>;
  /** Honoured until the switch. From there the run goes on to its end, which its time limits bound. */
  signal?: AbortSignal;
}

export interface DeployDeps {
  /** Called once, and again when the connection is lost and something has to be put back. */
  connect: () => Promise<SshConnection>;
}

/**
 * Puts one version of a certificate into service on one server and proves that it is served, or leaves the
 * server as it was.
 *
 * Repeatable: a version that is uploaded or current already is not uploaded or switched twice, and a run that
 * died is finished or put back by the next one with the same version id. MUST NOT run twice at the same time for
 * the same `certDir`; the caller's lease sees to that.
 *
 * @throws AppError NGINX_CONFIG_INVALID (`meta.phase` `before`: inherited, nothing touched; `after`: put back),
 * DEPLOY_NOT_PROVEN, DEPLOY_REFUSED, SSH_FAILED, HOST_KEY_MISMATCH. `meta.rollback` is `not_needed`, `done` or
 * `failed`; with `failed` the server may serve the new certificate or none, and `meta.rollback_error` says why.
 */
export async function deployCertificate(options: DeployOptions, deps: DeployDeps): Promise<DeployResult> {
  const run = new DeployProgress(options.target, options.material, deps.connect);
  const report = options.onStep ?? (() => undefined);
  try {
    for (const step of deploySteps) {
      if (!run.switchBegun) options.signal?.throwIfAborted();
      await timed(step.name, () => step.run(run), report);
    }
    return resultOf(run);
  } catch (error) {
    throw withRollback(error, await rollBack(run, report));
  } finally {
    await run.close();
  }
}

function resultOf(run: DeployProgress): DeployResult {
  const previousVersion = run.layout.versionOf(run.rollbackTarget);
  return {
    versionId: run.layout.versionId,
    alreadyCurrent: run.alreadyCurrent,
    ...(previousVersion !== undefined && { previousVersion }),
    served: run.served,
    pruned: run.pruned,
    warnings: run.warnings,
  };
}
