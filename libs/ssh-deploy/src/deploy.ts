import { certificateArtifact } from './artifact';
import { DeployProgress, type DeployDeps } from './deploy-progress';
import { deploySteps, type DeployStep } from './deploy-steps';
import type { DeployMaterial, DeployResult, DeployStepEvent, DeployTarget } from './deploy-types';
import { withRollback } from './errors';
import { rollBack } from './rollback';
import { serverState } from './server-state';
import { serviceOf } from './service/service-of';
import { timed, type Report } from './timed-step';

export interface DeployOptions {
  target: DeployTarget;
  material: DeployMaterial;
  /** Awaited. A failure in it counts as a failure of the step. */
  onStep?: (event: DeployStepEvent) => void | Promise<void>;
  /** Honoured until the switch. From there the run goes on to its end, which its time limits bound. */
  signal?: AbortSignal;
}

/**
 * Puts one version of a certificate into service on one server and proves that it is served, or leaves the
 * server as it was.
 *
 * Repeatable: a version that is uploaded or current already is not uploaded or switched twice, and a run that
 * died is finished or put back by the next one with the same version id. MUST NOT run twice at the same time for
 * the same `certDir`; the caller's lease sees to that.
 *
 * @throws AppError NGINX_CONFIG_INVALID, SERVICE_CONFIG_INVALID (`meta.phase` `before`: inherited, nothing touched; `after`: put back),
 * DEPLOY_NOT_PROVEN, DEPLOY_REFUSED, SSH_FAILED, HOST_KEY_MISMATCH. `meta.rollback` is `not_needed`, `done` or
 * `failed`; with `failed` the server may serve the new certificate or none, `meta.rollback_error` says why, and
 * `meta.server_state` how the server was found afterwards.
 */
export async function deployCertificate(options: DeployOptions, deps: DeployDeps): Promise<DeployResult> {
  const service = serviceOf(options.target);
  const artifact = certificateArtifact(options.material, service);
  return runSteps(new DeployProgress(options.target, service, artifact, deps), options);
}

/** The steps from top to bottom, or back. @throws as `deployCertificate` */
export async function runSteps(
  run: DeployProgress,
  options: Pick<DeployOptions, 'onStep' | 'signal'>,
): Promise<DeployResult> {
  const report = options.onStep ?? (() => undefined);
  try {
    for (const steps of stretches(deploySteps)) {
      const work = async (): Promise<void> => {
        for (const step of steps) {
          if (!run.switchBegun) options.signal?.throwIfAborted();
          await timed(step.name, () => step.run(run), report);
        }
      };
      // What fails while the server is held is put back before anybody else sees it.
      if (steps[0]?.exclusive) await run.exclusively(() => orPutBack(run, work, report));
      else await work();
    }
    return resultOf(run);
  } catch (error) {
    throw run.isPutBack ? error : await putBack(run, error, report);
  }
}

async function orPutBack(run: DeployProgress, work: () => Promise<void>, report: Report): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw await putBack(run, error, report);
  }
}

/** @returns the error to be thrown */
async function putBack(run: DeployProgress, error: unknown, report: Report): Promise<unknown> {
  const rollback = await rollBack(run, report);
  run.isPutBack = true;
  return withRollback(error, rollback, rollback.failures.length > 0 ? await serverState(run) : undefined);
}

/** Neighbours that need the server to themselves share one stretch of that. */
function stretches(steps: readonly DeployStep[]): DeployStep[][] {
  const all: DeployStep[][] = [];
  for (const step of steps) {
    const last = all.at(-1);
    if (step.exclusive && last?.[0]?.exclusive) last.push(step);
    else all.push([step]);
  }
  return all;
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
