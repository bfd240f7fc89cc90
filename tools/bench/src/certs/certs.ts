import { certWorkerProgram, makeSecrets, serviceAccount } from '@viw/programs';
import { createLogger } from '@viw/runtime';
import { SecretBox, parseKeks } from '@viw/secrets';
import { StreamProducer } from '@viw/streams';
import { type Nginx, freePort, runTool, startPebble, startProgram } from '@viw/testing';
import type { Scale } from '../arguments';
import { processUsage } from '../programs/process-usage';
import type { BenchDeps, Report } from '../report';
import { median, percentile, rounded } from '../statistics';
import { createWorld, versions } from '../world';
import { type IssuanceMeasure, issuance } from './issuance';
import { startManagedFleet, type Deployable } from './managed-fleet';
import { Operations } from './operations';
import { PortSwitch } from './port-switch';

interface CertsMeasure {
  readonly servers: number;
  /** Deployed one after the other. */
  readonly alone: number;
  /** Deployed `atOnce` at the same time. */
  readonly together: number;
  readonly atOnce: number;
  readonly rounds: number;
  readonly issuance: IssuanceMeasure;
}

const measures: Record<Scale, CertsMeasure> = {
  quick: { servers: 5, alone: 12, together: 100, atOnce: 10, rounds: 1, issuance: { rounds: 1, each: 5 } },
  full: { servers: 5, alone: 60, together: 100, atOnce: 10, rounds: 3, issuance: { rounds: 5, each: 20 } },
};

/**
 * Issuance beside other ACME clients (`issuance.ts`). Then from the order of a deployment to the proof that it is served: the built cert-worker with its production role, real
 * sshd and NGINX. The baseline is what no deployment can do without: NGINX's own test and reload, started locally.
 */
export async function certs(scale: Scale, { say }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const world = await createWorld();
  try {
    const { encryptionKey } = await makeSecrets();
    const { id, key } = JSON.parse(encryptionKey) as { id: string; key: string };
    const box = new SecretBox({ keys: parseKeks(`${id}:${key}`) });
    const perRound = measure.alone + measure.together;
    const fleet = await startManagedFleet(
      { servers: measure.servers, certificates: perRound * measure.rounds },
      { world, box },
    );
    const validation = new PortSwitch();
    const httpPort = await validation.start();
    world.undo.push(() => validation.stop());
    const pebble = await startPebble({ httpPort });
    world.undo.push(() => pebble.stop());
    const workerPort = await freePort();
    const worker = await startProgram(
      await certWorkerProgram({
        consumer: 'bench',
        redisUrl: world.redisServer.url,
        databaseUrl: await serviceAccount(world.db, 'viw_cert_worker', world.databaseUrl),
        encryptionKey,
        concurrency: measure.atOnce,
        acmeDirectoryUrl: pebble.directoryUrl,
        acmeCaPem: pebble.caCertPem,
        http01Port: workerPort,
        logs: world.dir,
        logLevel: 'warn',
      }),
    );
    world.undo.push(() => worker.stop());
    const logger = createLogger({ service: 'bench', level: 'silent' });
    const producer = new StreamProducer({}, { redis: world.redis, logger });
    producer.start();
    world.undo.push(() => producer.stop());
    const operations = new Operations({ world, producer });
    operations.start();
    const issued = await issuance(measure.issuance, {
      world,
      pebble,
      validation,
      workerPort,
      operations,
      say,
    });

    const [bare, p50s, p99s, rates]: [number[], number[], number[], number[]] = [[], [], [], []];
    const cpus: number[] = [];
    for (let round = 0; round < measure.rounds; round++) {
      const mine = fleet.deployables.slice(round * perRound, (round + 1) * perRound);
      bare.push(await testAndReload(fleet.nginxes));
      const alone: number[] = [];
      for (const one of mine.slice(0, measure.alone))
        alone.push(await operations.run('deploy', one.certificateId));
      p50s.push(percentile(alone, 0.5));
      p99s.push(percentile(alone, 0.99));
      const { cpuMs } = processUsage(worker.pid);
      rates.push(await deployTogether(mine.slice(measure.alone), measure.atOnce, operations));
      cpus.push((processUsage(worker.pid).cpuMs - cpuMs) / measure.together);
      await expectServed(mine);
      say(`round ${round + 1} of ${measure.rounds}`);
    }
    return {
      rows: [
        ...issued.rows,
        { what: 'nginx -t and reload, started locally', rounds: bare, unit: 'ms' },
        { what: 'order to proved served, one by one, p50', rounds: p50s, unit: 'ms' },
        { what: 'order to proved served, one by one, p99', rounds: p99s, unit: 'ms' },
        {
          what: `${measure.together} certificates, ${measure.atOnce} at once`,
          rounds: rates,
          unit: '/minute',
        },
        { what: 'processor time of the worker for each of them', rounds: cpus, unit: 'ms' },
      ],
      figures: {
        bench: 'certs',
        ...issued.figures,
        nginx_test_and_reload_ms: rounded(median(bare), 1),
        order_to_served_p50_ms: rounded(median(p50s), 0),
        order_to_served_p99_ms: rounded(median(p99s), 0),
        certificates_per_minute: rounded(median(rates), 0),
        worker_cpu_ms: rounded(median(cpus), 1),
        at_once: measure.atOnce,
        servers: measure.servers,
        rounds: measure.rounds,
        versions: await versions(world),
      },
    };
  } finally {
    await world.stop();
  }
}

/** @returns milliseconds, the median over the servers */
async function testAndReload(nginxes: readonly Nginx[]): Promise<number> {
  const times: number[] = [];
  for (const { testCommand, reloadCommand } of nginxes) {
    const begin = performance.now();
    await runTool('nginx', testCommand.slice(1));
    await runTool('nginx', reloadCommand.slice(1));
    times.push(performance.now() - begin);
  }
  return median(times);
}

/** @returns certificates per minute */
async function deployTogether(
  deployables: readonly Deployable[],
  atOnce: number,
  operations: Operations,
): Promise<number> {
  const queue = [...deployables];
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    for (let one = queue.shift(); one; one = queue.shift()) await operations.run('deploy', one.certificateId);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (deployables.length / (performance.now() - begin)) * 60_000;
}

/** @throws Error when a client sees another certificate than the one that was called proved */
async function expectServed(deployables: readonly Deployable[]): Promise<void> {
  for (const { fingerprint, served, certificateId } of deployables) {
    const seen = await served();
    if (seen !== fingerprint) throw new Error(`${certificateId} is not served: clients see ${seen}`);
  }
}
