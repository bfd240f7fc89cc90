import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeployOrder } from '@viw/contracts';
import {
  CertificateRepository,
  LockSessions,
  OperationRepository,
  ServerRepository,
  SshCredentialRepository,
  VirtualHostRepository,
  createDatabase,
  migrate,
} from '@viw/database';
import { createLogger, createMetrics, uuidv7 } from '@viw/runtime';
import { SecretBox, generateKek, sealSshCredential } from '@viw/secrets';
import { SshPool, normalizeFingerprint } from '@viw/ssh-deploy';
import type { NewOperation } from '@viw/database';
import {
  generateSshKeyPair,
  selfSign,
  servedCertificate,
  startNginx,
  startSshd,
  uniqueDatabase,
} from '@viw/testing';
import type { Nginx, Sshd } from '@viw/testing';
import { sql } from 'kysely';
import { workerAccount } from './worker-account';
import { Deployment } from '../src/deploy/deployment';
import { certificateKeyContext } from '../src/encryption-contexts';
import { operationKinds } from '../src/operation/operation-kinds';
import { OperationRunner } from '../src/operation/operation-runner';
import { repositoriesOf } from '../src/repositories';
import { WorkerMetrics } from '../src/worker-metrics';

export type FleetRig = Awaited<ReturnType<typeof startFleetRig>>;

export interface FleetServer {
  readonly id: string;
  readonly name: string;
  readonly virtualHostId: string;
  readonly site: string;
  readonly certDir: string;
  readonly sshd: Sshd;
  readonly nginx: Nginx;
  served(): Promise<string>;
}

/**
 * As many registered servers as wanted, each with one virtual host, spread over `instances` real pairs of sshd and nginx.
 * Certificates are made without a CA; the worker's own runner deploys them.
 */
export async function startFleetRig({ servers: count, instances }: { servers: number; instances: number }) {
  const kek = generateKek();
  const box = new SecretBox({ keys: [kek] });
  const scratch = await mkdtemp(join(tmpdir(), 'viw-fleet-'));
  const key = await generateSshKeyPair();
  const sites = Array.from({ length: count }, (_, index) => `s${index + 1}.fleet.example`);
  const machines = await Promise.all(
    Array.from({ length: instances }, async (_, instance) => ({
      sshd: await startSshd({ authorizedKeys: [key.publicKey] }),
      nginx: await startNginx({
        sites: sites
          .filter((_site, index) => index % instances === instance)
          .map((site) => ({ names: [site] })),
      }),
    })),
  );
  const { url } = await uniqueDatabase();
  const db = createDatabase({ url, applicationName: 'test' });
  await migrate(db);
  const logger = createLogger({ service: 'test', level: 'silent' });
  // With exactly the rights that a worker has in production.
  const workerUrl = await workerAccount(db, url);
  const workerDb = createDatabase({ url: workerUrl, applicationName: 'test-worker' });
  const store = repositoriesOf(workerDb);
  const credentialId = uuidv7();
  await new SshCredentialRepository({ db }).create({
    id: credentialId,
    name: 'fleet',
    username: machines[0]?.sshd.user ?? '',
    sealed: sealSshCredential(box, credentialId, { privateKey: key.privateKey }),
  });

  const virtualHosts = new VirtualHostRepository({ db });
  const servers: FleetServer[] = [];
  for (const [index, site] of sites.entries()) {
    const machine = machines[index % instances];
    if (!machine) throw new Error('no machine');
    const { sshd, nginx } = machine;
    const server = await new ServerRepository({ db }).create({
      name: `server ${String(index + 1).padStart(2, '0')}`,
      host: sshd.host,
      ssh_port: sshd.port,
      ssh_credential_id: credentialId,
      host_key_fingerprint: sshd.hostKeyFingerprint,
      test_command: [...nginx.testCommand],
      reload_command: [...nginx.reloadCommand],
    });
    const host = await virtualHosts.create(server.id, {
      server_names: [site],
      cert_dir: nginx.certDir(site),
      listeners: [{ host: '127.0.0.1', port: nginx.httpsPort }],
    });
    servers.push({
      id: server.id,
      name: server.name,
      virtualHostId: host.id,
      site,
      certDir: nginx.certDir(site),
      sshd,
      nginx,
      served: async () =>
        normalizeFingerprint(
          (await servedCertificate({ port: nginx.httpsPort, servername: site, timeoutMs: 30_000 }))
            .fingerprint256,
        ),
    });
  }

  const pool = new SshPool();
  const locks = new LockSessions({ url: workerUrl, applicationName: 'test-worker-lock' });
  const metrics = new WorkerMetrics(createMetrics('test'));
  const deployment = new Deployment(
    { proofTimeoutMs: 3_000 },
    { ...store, pool, locks, box, metrics, logger },
  );
  const operations = new OperationRepository({ db });

  return {
    url: workerUrl,
    db,
    store,
    box,
    pool,
    locks,
    metrics,
    logger,
    servers,
    operations,
    /** A worker of its own. */
    runner: (consumer: string) =>
      new OperationRunner(
        { consumer },
        {
          ...store,
          perform: operationKinds({
            issuance: { run: () => Promise.reject(new Error('nothing is issued here')) },
            deployment,
            rollback: { run: () => Promise.reject(new Error('nothing is rolled back here')) },
            revocation: { run: () => Promise.reject(new Error('nothing is revoked here')) },
          }),
          journal: {
            producer: { publish: () => Promise.resolve('0-0') },
            changes: { announce: () => undefined },
          },
          metrics,
          logger,
        },
      ),
    /** A certificate with one version that these servers are to serve. */
    certificate: async (to: readonly FleetServer[]) => {
      const names = ['*.fleet.example'];
      const id = await new CertificateRepository({ db }).create({
        names,
        issuer: 'acme',
        challenge: 'http-01',
        key_type: 'ec-p256',
        created_by: 'test',
      });
      const certFile = join(scratch, `${randomUUID()}.pem`);
      await selfSign({ names, certFile, keyFile: `${certFile}.key` });
      const certPem = await readFile(certFile, 'utf8');
      const leaf = new X509Certificate(certPem);
      const versionId = uuidv7();
      const fingerprint = normalizeFingerprint(leaf.fingerprint256);
      await db
        .insertInto('certificate_versions')
        .values({
          id: versionId,
          certificate_id: id,
          operation_id: null,
          cert_pem: certPem,
          chain_pem: '',
          private_key_sealed: JSON.stringify(
            box.seal(await readFile(`${certFile}.key`, 'utf8'), certificateKeyContext(versionId)),
          ),
          serial: leaf.serialNumber,
          fingerprint_sha256: fingerprint,
          issuer: 'test',
          names,
          not_before: new Date(leaf.validFrom).toISOString(),
          not_after: new Date(leaf.validTo).toISOString(),
        })
        .execute();
      await sql`UPDATE viw.certificates SET current_version_id = ${versionId}, state = 'active' WHERE id = ${id}`.execute(
        db,
      );
      await virtualHosts.assignCertificate(
        to.map(({ virtualHostId }) => virtualHostId),
        id,
      );
      return { id, fingerprint };
    },
    deploy: (certificateId: string, rollout: Partial<DeployOrder>, batch?: NewOperation['batch']) =>
      operations.create({
        certificate_id: certificateId,
        kind: 'deploy',
        issued_by: { kind: 'system', id: 'test', name: 'test' },
        parameters: { rollout },
        batch,
      }),
    /** As if everything had been ordered long ago. */
    ageOperations: () =>
      sql`UPDATE viw.certificate_operations SET created_at = created_at - interval '1 hour'`.execute(db),
    setRights: (server: FleetServer, rights: 'own' | 'sudo') =>
      new ServerRepository({ db }).change(server.id, { rights }),
    reloadBy: (server: FleetServer, command: readonly string[] | undefined) =>
      sql`UPDATE viw.nginx_servers s SET reload_command = coalesce(${command === undefined ? null : JSON.stringify(command)}::jsonb,
        (SELECT o.reload_command FROM viw.nginx_servers o WHERE o.ssh_port = s.ssh_port AND o.id <> s.id LIMIT 1))
        WHERE s.id = ${server.id}`.execute(db),
    stop: async () => {
      await pool.stop();
      locks.stop();
      await workerDb.destroy();
      await db.destroy();
      await Promise.all(machines.flatMap(({ sshd, nginx }) => [sshd.stop(), nginx.stop()]));
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
