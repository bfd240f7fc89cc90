import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certWorkerProgram, makeSecrets, serviceAccount } from '@viw/programs';
import { createLogger } from '@viw/runtime';
import { SecretBox, parseKeks } from '@viw/secrets';
import { StreamProducer } from '@viw/streams';
import { type Knot, freePort, startFaultProxy, startKnot, startPebble } from '@viw/testing';
import { type Servers, startServers } from '../world/servers';
import { SupervisedProgram } from '../world/supervised-program';
import { tappedWires } from '../world/tapped-wires';
import { type Undo, endAll, started } from '../world/undo';
import { CaWitness } from './ca-witness';
import { ChallengeEdge } from './challenge-edge';
import { Halts } from './halts';
import { type Job, zone } from './jobs';
import { type ManagedServers, startManagedServers } from './managed-servers';
import { Prober } from './prober';

/** Real CA, name server, managed servers; cert-workers as processes, each with its own watched way to Redis and Postgres. */
export interface CertWorld extends Pick<Servers, 'redis' | 'postgres' | 'db' | 'auditor'> {
  /** The first one is there for those that are to sleep; not one of them runs yet. */
  readonly workers: readonly SupervisedProgram[];
  readonly servers: ManagedServers;
  readonly witness: CaWitness;
  readonly halts: Halts;
  readonly edge: ChallengeEdge;
  readonly knot: Knot;
  readonly prober: Prober;
  readonly producer: StreamProducer;
  readonly undo: Undo;
  readonly logs: string;
  /** @param keepLogs the folder stays for a person to look into */
  stop(options: { keepLogs: boolean }): Promise<void>;
}

export interface CertWorldOptions {
  readonly jobs: readonly Job[];
  readonly workers: number;
  readonly leaseS: number;
  /** Operations at once, of one worker. */
  readonly concurrency: number;
}

const PROOF_MS = 3_000;
/** Nobody renews meanwhile. */
const SCHEDULE_MS = 600_000;
const logger = createLogger({ service: 'chaos', level: 'silent' });

/** When a part fails, what runs already is ended. */
export async function createCertWorld(options: CertWorldOptions): Promise<CertWorld> {
  const undo: Undo = [];
  const root = await mkdtemp(join(tmpdir(), 'viw-certs-'));
  const stop = async ({ keepLogs }: { keepLogs: boolean }): Promise<void> => {
    await endAll(undo);
    if (!keepLogs) await rm(root, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await build(options, { root, undo })), stop };
  } catch (error) {
    await stop({ keepLogs: true });
    throw error;
  }
}

async function build(
  { jobs, workers: count, leaseS, concurrency }: CertWorldOptions,
  { root, undo }: { readonly root: string; readonly undo: Undo },
): Promise<Omit<CertWorld, 'stop'>> {
  const logs = join(root, 'logs');
  await mkdir(logs);
  const { encryptionKey } = await makeSecrets();
  const { id, key } = JSON.parse(encryptionKey) as { id: string; key: string };
  const box = new SecretBox({ keys: parseKeks(`${id}:${key}`) });
  const responders = await Promise.all(Array.from({ length: count }, () => freePort()));
  const edge = new ChallengeEdge(responders);
  const httpPort = await edge.start();
  undo.push(() => edge.stop());

  // A commit must survive SIGKILL of the server, and need not survive the machine.
  const postgresOptions = { settings: { synchronous_commit: 'on' }, logFile: join(logs, 'postgres.log') };
  const zones = { [zone]: { records: '* A 127.0.0.1' } };
  const [{ redis, postgres, ownerUrl, db, auditor }, knot] = await Promise.all([
    startServers({ redis: { logFile: join(logs, 'redis.log') }, postgres: postgresOptions }, undo),
    started(startKnot({ zones }), undo),
  ]);
  const dns = { server: `${knot.address}:${knot.port}`, tsigKey: knot.tsigKey };
  const logFile = join(logs, 'pebble.log');
  const [pebble, servers] = await Promise.all([
    started(startPebble({ httpPort, dnsResolver: dns.server, logFile }), undo),
    startManagedServers(jobs, { db, box, undo }),
  ]);
  const witness = new CaWitness({ logFile });
  const halts = new Halts({ witness });
  const ca = await started(startFaultProxy(pebble), undo);
  ca.use(witness, halts);

  const account = await serviceAccount(db, 'viw_cert_worker', ownerUrl);
  const ports = { redis: redis.port, postgres: postgres.port };
  const workers: SupervisedProgram[] = [];
  for (const [index, http01Port] of responders.entries()) {
    const way = await started(tappedWires(ports), undo);
    way.taps.redis.watch((request) => halts.rule('redis', request));
    way.taps.postgres.watch((request) => halts.rule('postgres', request));
    const worker = new SupervisedProgram(
      await certWorkerProgram({
        consumer: `chaos-${index + 1}`,
        redisUrl: way.redisUrl(redis.urlOf('cert-worker')),
        databaseUrl: way.databaseUrl(account),
        encryptionKey,
        concurrency,
        acmeDirectoryUrl: ca.directoryUrl,
        acmeCaPem: ca.caCertPem,
        http01Port,
        dns,
        leaseS,
        proofTimeoutMs: PROOF_MS,
        scheduleEveryMs: SCHEDULE_MS,
        logs,
      }),
    );
    undo.push(() => worker.stop());
    workers.push(worker);
  }
  const producer = new StreamProducer({}, { redis: auditor, logger });
  producer.start();
  undo.push(() => producer.stop());
  const prober = new Prober();
  undo.push(() => prober.stop());
  return {
    redis,
    postgres,
    db,
    auditor,
    workers,
    servers,
    witness,
    halts,
    edge,
    knot,
    prober,
    producer,
    undo,
    logs,
  };
}
