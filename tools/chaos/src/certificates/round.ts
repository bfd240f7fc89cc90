import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { crash } from '../faults/crash';
import { lookUntil } from '../look-until';
import type { SupervisedProgram } from '../world/supervised-program';
import { type Undo, endAll } from '../world/undo';
import { openOnes, testServers } from './evidence';
import type { Halt, Purpose } from './halts';
import type { Fate, Job } from './jobs';
import { breakServer } from './managed-servers';
import { type Asked, accept, publish } from './requests';
import type { CertWorld } from './world';

export interface RoundDeps {
  readonly world: CertWorld;
  /** Nothing runs yet. */
  readonly isFirst: boolean;
  readonly say: (line: string) => void;
}

const REACH_MS = 60_000;
/** A blocked read of a worker that has just been frozen may still be handed an entry. */
const READ_BLOCK_MS = 1_200;
const OUTAGE = { redisMs: 2_200, postgresMs: 800 } as const;
const TAKEN_OVER_MS = 90_000;
const NOTICE_MS = 30_000;
const SLEEPERS_LOG = 'cert-worker-chaos-1.log';
/** Of `CertificateVersionRepository.save`. */
const REFUSED_SAVE = 'The lease on the certificate is lost';

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
    const asleep = await this.#toTheirPoints('sleeps', 'sleep', async () => {
      // Whoever has claimed an operation keeps it: the others may come.
      await this.#claimed();
      if (isFirst) await Promise.all(others.map((worker) => worker.start()));
      else for (const worker of others) worker.signal('SIGCONT');
    });
    sleeper.signal('SIGSTOP');
    say(`SIGSTOP at: ${namesOf(asleep)}`);
    await pause(READ_BLOCK_MS);

    const dying = await this.#toTheirPoints('dies', 'death');
    this.brokenServers.push(...(await testServers(world, 'when workers died')));
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

    // Only now: a worker waits for the CA no longer than 30 s.
    const cut = await this.#toTheirPoints('outage', 'sleep');
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
   * have been told so by the save itself.
   */
  async fencedOff(): Promise<number> {
    const log = await readFile(join(this.#deps.world.logs, SLEEPERS_LOG), 'utf8');
    const givenUp = log
      .split('\n')
      .filter((line) => line.includes('"event":"operation_put_off"') && line.includes('"code":"CONFLICT"'));
    return this.sleepers.filter(({ operationId, job }) =>
      givenUp.some(
        (line) =>
          line.includes(operationId) && (job.point !== 'about to save' || line.includes(REFUSED_SAVE)),
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

  /** Publishes the requests of this fate and waits until each stands still at its point. */
  async #toTheirPoints(
    fate: Fate,
    purpose: Purpose,
    meanwhile: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Halt[]> {
    const { world, say } = this.#deps;
    const halts: Halt[] = [];
    for (const asked of this.#of(fate)) {
      if (asked.job.point !== undefined) halts.push(world.halts.arm(asked.job.point, asked, purpose));
      await publish(asked, world);
    }
    await meanwhile();
    const missing = await lookUntil(
      (some) => some.length === 0,
      () => Promise.resolve(halts.filter(({ reached }) => !reached)),
      { withinMs: REACH_MS, everyMs: 10 },
    );
    if (missing.length > 0) say(`not reached: ${namesOf(missing)}`);
    this.planned += halts.length;
    this.hit += halts.length - missing.length;
    return halts;
  }

  #claimed(): Promise<void> {
    return eventually(
      async () => {
        const { rows } = await sql<{ id: string }>`SELECT id FROM viw.certificate_operations
          WHERE status = 'running'`.execute(this.#deps.world.db);
        const running = new Set(rows.map(({ id }) => id));
        expectNone(this.sleepers.filter(({ operationId }) => !running.has(operationId)));
      },
      { timeoutMs: REACH_MS, what: 'the claims of the sleeper' },
    );
  }

  /** What the sleeper is in the middle of a deployment with is locked by it; everything else ends elsewhere. */
  #takenOver(): Promise<void> {
    const saved = this.sleepers.filter(({ job }) => job.point === 'about to save');
    return eventually(async () => expectNone(await openOnes(this.#deps.world.db, saved)), {
      timeoutMs: TAKEN_OVER_MS,
      what: 'what the sleeper was about to save, saved by another',
    });
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

function expectNone(open: readonly Asked[]): void {
  if (open.length > 0) throw new Error(`not so: ${open.map(({ site }) => site).join(', ')}`);
}
