import { X509Certificate } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  generateSshKeyPair,
  runTool,
  selfSign,
  servedCertificate,
  startNginx,
  startSshd,
  type Nginx,
  type Sshd,
} from '@viw/testing';
import { deployCertificate, normalizeFingerprint, SshPool } from '@viw/ssh-deploy';
import type {
  DeployMaterial,
  DeployResult,
  DeployStepEvent,
  DeployTarget,
  SshConnectOptions,
} from '@viw/ssh-deploy';

/** One managed server: real sshd, real nginx, one site per test, so that tests share nothing but processes. */
export interface Rig {
  sshd: Sshd;
  nginx: Nginx;
  login: SshConnectOptions;
  pool: SshPool;
  target(site: string, more?: Partial<DeployTarget>): DeployTarget;
  material(versionId: string, site: string): Promise<DeployMaterial>;
  /** Issued by another certificate, which follows it in the file. */
  chained(versionId: string, site: string): Promise<DeployMaterial>;
  /** A pair that fits, with a key that OpenSSL refuses to serve. */
  tooWeak(versionId: string, site: string): Promise<DeployMaterial>;
  /** Fingerprint that a client sees now. */
  served(site: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startRig(sites: readonly string[]): Promise<Rig> {
  const key = await generateSshKeyPair();
  const scratch = await mkdtemp(join(tmpdir(), 'viw-rig-'));
  const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
  const nginx = await startNginx({ sites: sites.map((site) => ({ names: [site] })) });
  const pool = new SshPool();
  let files = 0;
  const made = async (
    versionId: string,
    make: (to: { certFile: string; keyFile: string }) => Promise<void>,
  ): Promise<DeployMaterial> => {
    const to = { certFile: join(scratch, `${++files}.pem`), keyFile: join(scratch, `${files}.key`) };
    await make(to);
    const fullchainPem = await readFile(to.certFile, 'utf8');
    const fingerprintSha256 = new X509Certificate(fullchainPem).fingerprint256;
    return { versionId, fullchainPem, privateKeyPem: await readFile(to.keyFile, 'utf8'), fingerprintSha256 };
  };
  return {
    pool,
    sshd,
    nginx,
    login: {
      host: sshd.host,
      port: sshd.port,
      username: sshd.user,
      privateKey: key.privateKey,
      hostKeyFingerprint: sshd.hostKeyFingerprint,
    },
    target: (site, more = {}) => ({
      certDir: nginx.certDir(site),
      testCommand: nginx.testCommand,
      reloadCommand: nginx.reloadCommand,
      listeners: [{ host: '127.0.0.1', port: nginx.httpsPort, servername: site }],
      ...more,
    }),
    material: (versionId, site) => made(versionId, (to) => selfSign({ names: [site], ...to })),
    chained: (versionId, site) =>
      made(versionId, async ({ certFile, keyFile }) => {
        const [ca, caKey] = [`${certFile}.ca`, `${certFile}.ca.key`];
        const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
        const access = 'OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/issuer.crt';
        await runTool('openssl', [
          'req',
          '-x509',
          ...ec,
          '-subj',
          '/CN=issuer',
          '-out',
          ca,
          '-keyout',
          caKey,
        ]);
        await runTool('openssl', [
          ...['req', '-x509', ...ec, '-subj', `/CN=${site}`, '-addext', `subjectAltName=DNS:${site}`],
          ...['-addext', `authorityInfoAccess=${access}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
          ...['-CA', ca, '-CAkey', caKey, '-out', certFile, '-keyout', keyFile],
        ]);
        await appendFile(certFile, await readFile(ca));
      }),
    tooWeak: (versionId, site) =>
      made(versionId, async ({ certFile, keyFile }) => {
        await runTool('openssl', [
          ...['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', `/CN=${site}`],
          ...['-out', certFile, '-keyout', keyFile],
        ]);
      }),
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
  rig: Rig,
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
