import type { Operation } from '@viw/contracts';
import { auditCertificates } from '../ledger/certificate-ledger';
import { lookUntil } from '../look-until';
import { openOnes, readEvidence, readUnrest, testServers, watchEnds } from './evidence';
import { type CertsMeasure, type Job, planJobs } from './jobs';
import { canFillDisks } from './managed-servers';
import { Round } from './round';
import type { Asked } from './requests';
import { type CertsVerdict, isAtRest, isSound } from './verdict';
import { type CertWorld, createCertWorld } from './world';

export interface CertsRunOptions {
  readonly seed: number;
  readonly measure: CertsMeasure;
}

export interface CertsRunDeps {
  /** A line for a person. */
  readonly say: (line: string) => void;
}

/** One that is to sleep, and those that take over. */
const WORKERS = 3;
/** More than the halts of one round that one worker may have to keep. */
const CONCURRENCY = 20;
const WATCH_MS = 300;
const LOOK_MS = 300;

/** Rounds of faults at exact points, then rest, then the books. The same seed plans the same jobs. */
export async function runCerts(
  { seed, measure }: CertsRunOptions,
  { say }: CertsRunDeps,
): Promise<CertsVerdict> {
  const startedAt = performance.now();
  const mayFill = canFillDisks();
  const rounds = Array.from({ length: measure.rounds }, (_, round) =>
    planJobs(measure, { seed, round }).filter(({ fault }) => mayFill || fault !== 'disk full'),
  );
  const { leaseS } = measure;
  const jobs = rounds.flat();
  const world = await createCertWorld({ jobs, workers: WORKERS, leaseS, concurrency: CONCURRENCY });
  let keepLogs = true;
  try {
    say(
      `certs, seed ${seed}: ready after ${seconds(startedAt)} s; ${jobs.length} requests in ${rounds.length} rounds`,
    );
    const judged = await disturb(world, { rounds, seed, measure, mayFill }, { say, startedAt });
    const verdict = { ...judged, seconds: seconds(startedAt) };
    keepLogs = !isSound(verdict);
    return verdict;
  } finally {
    if (keepLogs) say(`the logs of all processes are in ${world.logs}`);
    await world.stop({ keepLogs });
  }
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;

async function disturb(
  world: CertWorld,
  {
    rounds,
    seed,
    measure,
    mayFill,
  }: { rounds: readonly Job[][]; seed: number; measure: CertsMeasure; mayFill: boolean },
  { say, startedAt }: CertsRunDeps & { startedAt: number },
): Promise<CertsVerdict> {
  const asked: Asked[] = [];
  const brokenServers: string[] = [];
  const firstEnds = new Map<string, Operation['status']>();
  let look: Promise<void> | undefined;
  const watching = setInterval(() => {
    // Postgres may be away: then it is looked at the next time.
    look ??= watchEnds(world.db, firstEnds)
      .catch(() => undefined)
      .finally(() => (look = undefined));
  }, WATCH_MS);
  const tally = { hit: 0, planned: 0, sleepers: 0, fencedOff: 0 };
  let lastFault = performance.now();
  try {
    for (const [index, jobs] of rounds.entries()) {
      const round = new Round(jobs, {
        world,
        leaseS: measure.leaseS,
        isFirst: index === 0,
        say: (line) => say(`${String(seconds(startedAt)).padStart(6)} s  ${line}`),
      });
      await round.run();
      asked.push(...round.asked);
      brokenServers.push(...round.brokenServers);
      tally.hit += round.hit;
      tally.planned += round.planned;
      lastFault = performance.now();
      // The next one begins when this one has ended: its points are to be reached undisturbed.
      await lookUntil(
        (open) => open.length === 0,
        () => openOnes(world.db, round.asked),
        { withinMs: measure.drainMs, everyMs: LOOK_MS },
      );
      await round.mendServers();
      tally.sleepers += round.sleepers.length;
      tally.fencedOff += await round.fencedOff();
    }
    const judge = async (): Promise<CertsVerdict> => {
      const unrest = await readUnrest(world, asked);
      const evidence = await readEvidence(world, asked, { firstEnds, brokenServers });
      const { examples, ...findings } = auditCertificates(asked, evidence);
      return {
        scenario: 'certs',
        seed,
        ...findings,
        asked: asked.length,
        points_hit: tally.hit,
        points_planned: tally.planned,
        fenced_off: tally.fencedOff,
        sleepers: tally.sleepers,
        refused: asked.filter(({ expected }) => expected === 'refused').length,
        handshakes: [...world.prober.seen.values()].flat().reduce((sum, { count }) => sum + count, 0),
        ...unrest,
        refused_by_redis: unrest.refused_by_redis.length,
        unexpected_ends: world.workers.reduce((sum, { unexpectedEnds }) => sum + unexpectedEnds, 0),
        disk_full: mayFill ? 'tried' : 'not possible here',
        drain_s: seconds(lastFault),
        seconds: 0,
        examples: [...unrest.refused_by_redis, ...examples],
      };
    };
    await lookUntil(isAtRest, judge, { withinMs: measure.drainMs, everyMs: LOOK_MS });
    brokenServers.push(...(await testServers(world, 'at the end')));
    return await judge();
  } finally {
    clearInterval(watching);
  }
}
