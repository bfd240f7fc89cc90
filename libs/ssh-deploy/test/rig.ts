import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servedCertificate, startNginx, type Nginx } from '@viw/testing';
import { deployCertificate, normalizeFingerprint, SshPool } from '@viw/ssh-deploy';
import type { DeployMaterial, DeployResult, DeployStepEvent, DeployTarget } from '@viw/ssh-deploy';
import { materialsIn, type Materials } from './materials';
import { startSshdStage, type SshdStage } from './sshd-stage';

/** One managed server: real sshd, real nginx, one site per test, so that tests share nothing but processes. */
export interface Rig extends Materials, SshdStage {
  nginx: Nginx;
  pool: SshPool;
  target(site: string, more?: Partial<DeployTarget>): DeployTarget;
  /** Fingerprint that a client sees now. */
  served(site: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startRig(sites: readonly string[]): Promise<Rig> {
  const scratch = await mkdtemp(join(tmpdir(), 'viw-rig-'));
  const { sshd, login } = await startSshdStage();
  const nginx = await startNginx({ sites: sites.map((site) => ({ names: [site] })) });
  const pool = new SshPool();
  const materials = materialsIn(scratch);
  return {
    pool,
    sshd,
    nginx,
    login,
    target: (site, more = {}) => ({
      certDir: nginx.certDir(site),
      testCommand: nginx.testCommand,
      reloadCommand: nginx.reloadCommand,
      listeners: [{ host: '127.0.0.1', port: nginx.httpsPort, servername: site }],
      ...more,
    }),
    ...materials,
    served: async (site) =>
      normalizeFingerprint(
        (await servedCertificate({ port: nginx.httpsPort, servername: site })).fingerprint256,
      ),
    stop: async () => {
      await pool.stop();
      await Promise.all([sshd.stop(), nginx.stop()]);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** One deployment with its log of `step status` lines. */
export async function deployWithLog(
  rig: Pick<Rig, 'pool' | 'login'>,
  target: DeployTarget,
  material: DeployMaterial,
  onStep: (event: DeployStepEvent) => void | Promise<void> = () => undefined,
): Promise<{ log: string[]; events: DeployStepEvent[]; result?: DeployResult; error?: unknown }> {
  const events: DeployStepEvent[] = [];
  const options = {
    target,
    material,
    onStep: async (event: DeployStepEvent) => {
      events.push(event);
      await onStep(event);
    },
  };
  const outcome = await rig.pool
    .use(rig.login, (server) => deployCertificate(options, server))
    .then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  const log = events
    .filter(({ status }) => status !== 'started')
    .map(({ step, status }) => `${step} ${status}`);
  return { log, events, ...outcome };
}
