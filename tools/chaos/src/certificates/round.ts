import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@viw/testing';
import { crash } from '../faults/crash';
import { lookUntil } from '../look-until';
import type { SupervisedProgram } from '../world/supervised-program';
import { type Undo, endAll } from '../world/undo';
import { openOnes, testServers } from './evidence';
import type { Halt, Purpose } from './halts';
import type { Fate, Job } from './jobs';
import { breakServer } from './managed-servers';
import type { PointName } from './points';
import { type Asked, accept, publish } from './requests';
import { whatStandsStill } from './what-stands-still';
import type { CertWorld } from './world';

export interface RoundDeps {
  readonly world: CertWorld;
  /** How long the operations of a dead worker wait for another, seconds. */
  readonly leaseS: number;
  /** Nothing runs yet. */
  readonly isFirst: boolean;
  readonly say: (line: string) => void;
}

const REACH_MS = 60_000;
/** A blocked read of a worker that has just been frozen may still be handed an entry. */
const READ_BLOCK_MS = 1_200;
const OUTAGE = { redisMs: 2_200, postgresMs: 800 } as const;
/** Then it is told what stands still; what is over by so much more than the lease has been held by somebody who sleeps. */
const LATE_MS = 20_000;
/** At these it has no server to itself. */
const overtaken: ReadonlySet<PointName> = new Set(['claiming', 'about to save']);
const NOTICE_MS = 30_000;
const SLEEPERS_LOG = 'cert-worker-chaos-1.log';
/** Of `CertificateVersionRepository.save`. */
const REFUSED_SAVE = 'The lease on the certificate is lost';
const reason = ({ point }: Job): string => (point === 'about to save' ? REFUSED_SAVE : '"code":"CONFLICT"');

/**
 * Every job gets to its point and stays there; then its fate comes. Since all stand still in that moment the seed and
 * nothing else decides what is hit where.
 */
export class Round {
  readonly asked: Asked[] = [];
  readonly brokenServers: string[] = [];
  hit = 0;
  planned = 0;
  readonly #jobs: readonly Job[];
  readonly #deps: RoundDeps;
  readonly #broken: Undo = [];

  constructor(jobs: readonly Job[], deps: RoundDeps) {
    this.#jobs = jobs;
    this.#deps = deps;
  }

  get sleepers(): readonly Asked[] {
    return this.#of('sleeps');
  }

  async run(): Promise<void> {
    const { world, say, isFirst } = this.#deps;
    const [sleeper, ...others] = world.workers as [SupervisedProgram, ...SupervisedProgram[]];
    for (const job of this.#jobs) this.asked.push(await accept(job, world));
    if (isFirst) {
      world.prober.start(this.#addresses());
      await sleeper.start();
    } else {
      for (const worker of others) worker.signal('SIGSTOP');
      await pause(READ_BLOCK_MS);
    }
    // Alone: nobody else takes what it is to sleep with.
    const [locking, free] = partition(this.sleepers, ({ job }) => job.point === 'claiming');
    const asleep = await this.#toTheirPoints(free, 'sleep');
    // Postgres gives a transaction up that stands still: nothing comes between.
    asleep.push(...(await this.#toTheirPoints(locking, 'sleep')));
    sleeper.signal('SIGSTOP');
    say(`SIGSTOP at: ${namesOf(asleep)}`);
    await pause(READ_BLOCK_MS);
    if (isFirst) await Promise.all(others.map((worker) => worker.start()));
    else for (const worker of others) worker.signal('SIGCONT');

    const dying = await this.#toTheirPoints(this.#of('dies'), 'death');
    this.brokenServers.push(...(await testServers(world, 'when workers died')));
    const lives = others.map(({ starts }) => starts);
    await Promise.all(others.map((worker) => worker.kill()));
    say(`SIGKILL at: ${namesOf(dying)}`);
    for (const halt of dying) halt.lift();

    await this.#breakServers();
    for (const asked of this.#of('refused')) await publish(asked, world);
    await this.#takenOver();
    for (const halt of asleep) halt.lift();
    sleeper.signal('SIGCONT');
    say('SIGCONT, and what had been on the wire arrives');
    await this.#noticed();

    // One that finds no Redis at its start ends, as it should.
    await eventually(() => others.forEach((worker, n) => assertStartedSince(worker, lives[n])), {
      timeoutMs: REACH_MS,
      what: 'the workers that were killed',
    });
    // Only now: a worker waits for the CA no longer than 30 s.
    const cut = await this.#toTheirPoints(this.#of('outage'), 'sleep');
    say(`SIGKILL of Redis and Postgres at: ${namesOf(cut)}`);
    const outage = [crash(world.redis, OUTAGE.redisMs), crash(world.postgres, OUTAGE.postgresMs)];
    for (const halt of cut) halt.lift();
    await Promise.all(outage);
  }

  /** What is wrong with servers is repaired. */
  mendServers(): Promise<void> {
    return endAll(this.#broken);
  }

  /**
   * How many of the sleepers gave their operation up when they woke up, because another had it: those about to save must
   * have been told so by the save itself, those in the middle of a claim by the loss of their transaction.
   */
  async fencedOff(): Promise<number> {
    const log = await readFile(join(this.#deps.world.logs, SLEEPERS_LOG), 'utf8');
    const givenUp = log.split('\n').filter((line) => line.includes('"event":"operation_put_off"'));
    return this.sleepers.filter(({ operationId, job }) =>
      givenUp.some(
        (line) => line.includes(operationId) && (job.point === 'claiming' || line.includes(reason(job))),
      ),
    ).length;
  }

  #of(fate: Fate): Asked[] {
    return this.asked.filter(({ job }) => job.fate === fate);
  }

  #addresses(): { site: string; port: number }[][] {
    const hosts = [...this.#deps.world.servers.hosts.values()];
    return this.#deps.world.servers.nginxes.map((nginx) =>
      hosts.filter((host) => host.nginx === nginx).map(({ site }) => ({ site, port: nginx.httpsPort })),
    );
  }

  /** Publishes these requests and waits until each stands still at its point. */
  async #toTheirPoints(some: readonly Asked[], purpose: Purpose): Promise<Halt[]> {
    const { world, say } = this.#deps;
    const halts: Halt[] = [];
    for (const asked of some) {
      if (asked.job.point !== undefined) halts.push(world.halts.arm(asked.job.point, asked, purpose));
      await publish(asked, world);
    }
    const missing = await lookUntil(
      (still) => still.length === 0,
      () => Promise.resolve(halts.filter(({ reached }) => !reached)),
      { withinMs: REACH_MS, everyMs: 10 },
    );
    if (missing.length > 0) say(`not reached: ${namesOf(missing)}`);
    this.planned += halts.length;
    this.hit += halts.length - missing.length;
    return halts;
  }

  /** What the sleeper is in the middle of a deployment with is locked by it; everything else ends elsewhere. */
  async #takenOver(): Promise<void> {
    const { world, say } = this.#deps;
    const before = this.sleepers.filter(({ job }) => job.point !== undefined && overtaken.has(job.point));
    const open = (): Promise<Asked[]> => openOnes(world.db, before);
    const none = (some: readonly Asked[]): boolean => some.length === 0;
    if (none(await lookUntil(none, open, { withinMs: LATE_MS, everyMs: 50 }))) return;
    for (const line of await whatStandsStill(world)) say(line);
    const withinMs = LATE_MS + this.#deps.leaseS * 1_000;
    const left = await lookUntil(none, open, { withinMs, everyMs: 50 });
    if (!none(left)) throw new Error(`not overtaken: ${left.map(({ site }) => site).join(', ')}`);
  }

  /** Until every sleeper has noticed, or for as long as it may take. */
  async #noticed(): Promise<void> {
    const all = this.sleepers.length;
    await lookUntil(
      (count) => count === all,
      () => this.fencedOff(),
      { withinMs: NOTICE_MS, everyMs: 50 },
    );
  }

  async #breakServers(): Promise<void> {
    for (const { job } of this.#of('refused')) {
      const host = this.#deps.world.servers.hosts.get(job.site);
      if (job.fault !== undefined && host) await breakServer(job.fault, host, this.#broken);
    }
  }
}

const namesOf = (halts: readonly Halt[]): string => halts.map(({ point }) => point).join(', ');

function assertStartedSince(worker: SupervisedProgram, starts = 0): void {
  if (worker.starts <= starts || !worker.output().includes('"event":"started"')) throw new Error('not yet');
}

const partition = <T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] => [
  all.filter(is),
  all.filter((one) => !is(one)),
];
