import type {
  CertificateVersionRepository,
  DeployableVersion,
  DeploymentRepository,
  DeployTarget,
  LockSessions,
  OperationTargetRepository,
  OperationWork,
  VirtualHostRepository,
} from '@viw/database';
import { AppError, toAppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { deployCertificate } from '@viw/ssh-deploy';
import type { DeployMaterial, DeployResult, SshPool } from '@viw/ssh-deploy';
import type { StepJournal } from '../operation/step-journal';
import { certificateKeyContext } from '../encryption-contexts';
import type { WorkerMetrics } from '../worker-metrics';
import { serverTarget } from './deploy-target';
import { withDirectoryLock } from './directory-lock';
import { Rollout } from './rollout';
import { loginTo, type ServerLoginDeps } from './server-login';
import { withServerLock } from './server-lock';

export interface DeploymentOptions {
  /** How long a new certificate may take to show, milliseconds. */
  readonly proofTimeoutMs: number;
}

export interface DeploymentDeps extends ServerLoginDeps {
  readonly versions: Pick<CertificateVersionRepository, 'getDeployable'>;
  readonly virtualHosts: Pick<VirtualHostRepository, 'targetsOf'>;
  readonly targets: Pick<OperationTargetRepository, 'plan' | 'setState'>;
  readonly deployments: Pick<DeploymentRepository, 'recordProved'>;
  readonly pool: Pick<SshPool, 'use'>;
  /** On certificate directories and servers. */
  readonly locks: Pick<LockSessions, 'run'>;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** Puts one version into service on every virtual host that is to serve it, and proves each. */
export class Deployment {
  constructor(
    private readonly options: DeploymentOptions,
    private readonly deps: DeploymentDeps,
  ) {}

  /**
   * Server by server as the operation's order says (`Rollout`); the first failure halts it and leaves the rest as it was.
   * Repeatable.
   * @throws AppError of `deployCertificate`; DEPLOY_REFUSED without a confirmed host key, or for `deploy` and `rollback` without
   *   any virtual host; CONFLICT when the lease is lost; the signal's reason before a switch
   */
  async run(
    work: OperationWork,
    versionId: string,
    journal: StepJournal,
    signal: AbortSignal,
  ): Promise<void> {
    const targets = await this.deps.virtualHosts.targetsOf(work.certificate_id);
    if (targets.length === 0) {
      const detail = 'no virtual host is to serve this certificate';
      if (work.kind === 'deploy' || work.kind === 'rollback') throw new AppError('DEPLOY_REFUSED', detail);
      await journal.report({ step: 'deploy', status: 'skipped', detail });
      return;
    }
    const version = await this.deps.versions.getDeployable(versionId);
    if (!version) throw new AppError('NOT_FOUND', 'the version to be deployed is gone');
    const material = this.#materialOf(version);
    const rollout = new Rollout(work, {
      targets: this.deps.targets,
      deployTo: async (target) => {
        const { served } = await this.#deployTo(target, material, journal, signal);
        await this.#proved(work, target, versionId, served, journal);
      },
      journal,
    });
    await rollout.run(targets, signal);
  }

  #materialOf({ id, cert_pem, chain_pem, private_key_sealed, fingerprint_sha256 }: DeployableVersion) {
    return {
      versionId: id,
      fullchainPem: cert_pem + chain_pem,
      privateKeyPem: this.deps.box.openText(private_key_sealed, certificateKeyContext(id)),
      fingerprintSha256: fingerprint_sha256,
    };
  }

  async #deployTo(
    target: DeployTarget,
    material: DeployMaterial,
    journal: StepJournal,
    signal: AbortSignal,
  ): Promise<DeployResult> {
    const { id: virtualHostId, cert_dir: certDir, server } = target;
    const { metrics, logger } = this.deps;
    try {
      const login = await loginTo(server, this.deps).catch(async (error: unknown) => {
        const detail = toAppError(error).message;
        await journal.report({ step: 'connect', status: 'failed', virtual_host_id: virtualHostId, detail });
        throw error;
      });
      const directory = { host: server.host, port: server.ssh_port, path: certDir };
      // A slot of the pool first: it bounds how many connections to Postgres are held for locks.
      const result = await this.deps.pool.use(
        login,
        ({ connect, exclusively }) =>
          withDirectoryLock(this.deps, directory, signal, (held) =>
            deployCertificate(
              {
                target: serverTarget(target, this.options.proofTimeoutMs),
                material,
                onStep: (event) => {
                  const stored = journal.report({ ...event, virtual_host_id: virtualHostId });
                  // A beginning is stored while the step is under way; its end waits for both.
                  return event.status === 'started' ? undefined : stored;
                },
                signal: held,
              },
              {
                connect,
                exclusively: (work) => exclusively(() => withServerLock(this.deps, login, work)),
              },
            ),
          ),
        signal,
      );
      metrics.deployed();
      const { warnings } = result;
      logger.info({ event: 'deployed', virtual_host_id: virtualHostId, warnings }, 'new version is served');
      return result;
    } catch (error) {
      metrics.deploymentFailed(toAppError(error));
      throw error instanceof AppError ? onServer(server.name, error) : error;
    }
  }

  async #proved(
    work: OperationWork,
    target: DeployTarget,
    versionId: string,
    served: DeployResult['served'],
    journal: StepJournal,
  ): Promise<void> {
    await this.deps.deployments.recordProved(work.fencing, {
      virtual_host_id: target.id,
      certificate_id: work.certificate_id,
      version_id: versionId,
      operation_id: work.operation_id,
      proved_at: new Date().toISOString(),
      proof: served.flatMap(({ listener: { host, port, servername }, facts }) =>
        facts ? [{ host, port, servername, ...facts }] : [],
      ),
    });
    journal.changed();
  }
}

const onServer = (name: string, { code, message, meta, retryable, cause }: AppError): AppError =>
  new AppError(code, `${name}: ${message}`, { meta: { ...meta, server: name }, retryable, cause });
