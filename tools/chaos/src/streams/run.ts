import type { StreamName } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { pointsOf, strikeAll } from '../faults/kill-schedule';
import { unleash } from './nemesis';
import { lookUntil } from '../look-until';
import type { WireRequest } from '../faults/wire-request';
import { type Case, judge } from './judge';
import type { Measure, ScenarioName } from './scenario';
import { entriesLimit, faultsOf, groupOf, loadsOf, plantedFor, scenarios, windowOf } from './scenario';
import { type Verdict, isSound } from './verdict';
import { AuditingGroup } from '../world/auditing-group';
import { plant } from './planter';
import { isInStream } from '../world/stream-state';
import { started } from '../world/undo';
import { type World, createWorld } from './world';

export interface RunOptions {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly measure: Measure;
}

export interface RunDeps {
  /** A line for a person. */
  readonly say: (line: string) => void;
}

const SAMPLE_MS = 500;
const LOOK_MS = 300;
/** How long after the load a kill point may still be waited for. */
const LATE_STRIKE_MS = 15_000;

/** Load and faults at the same time, then rest, then the books. The same seed plans the same faults and poison. */
export async function runChaos(options: RunOptions, deps: RunDeps): Promise<Verdict> {
  const startedAt = performance.now();
  const { services, chain } = scenarios[options.scenario];
  const world = await createWorld({ services, chain });
  const sampling = setInterval(() => void sample(world), SAMPLE_MS);
  try {
    const verdict = await disturb(world, options, deps);
    return { ...verdict, seconds: seconds(startedAt) };
  } finally {
    clearInterval(sampling);
    await world.stop();
  }
}

async function disturb(world: World, options: RunOptions, { say }: RunDeps): Promise<Verdict> {
  const { scenario: name, seed, measure } = options;
  const scenario = scenarios[name];
  const loads = loadsOf(scenario, measure, seed, world);
  const written = loads.flatMap((load) => load.streams);
  const streams = [...new Set(loads.flatMap((load) => load.auditedStreams))];
  const planted = plantedFor(scenario, measure, seed, written);
  const parties = { seed, writers: world.writers.length, groups: written.length };
  const schedule = faultsOf(scenario, measure, parties);
  const windowMs = windowOf(scenario, measure);
  const rounds = scenario.killPoints ? measure.killRounds : 0;
  const witness = new AuditingGroup({ url: world.redis.url, streams });
  const late = new AbortController();
  await started(
    witness.start().then(() => witness),
    world.undo,
  );
  for (const load of loads) {
    if (load.stop) world.undo.push(() => load.stop?.() ?? Promise.resolve());
    await load.prepare();
  }
  say(`${name}, seed ${seed}: ${(windowMs / 1_000).toFixed(0)} s of load, ${schedule.length} faults`);
  const loadBegan = performance.now();
  const killing = strikeAll(
    world.victims,
    { rounds, windowMs },
    {
      say: (line) => say(`${String(seconds(loadBegan)).padStart(6)} s  ${line}`),
      signal: late.signal,
      hasArrived: (xadd) => hasArrived(world, xadd),
    },
  );
  await Promise.all([
    ...loads.map((load) => load.run(windowMs)),
    plant(planted, windowMs, world.auditor),
    unleash(schedule, { ...world, destroyGroup: (index) => destroyGroup(world, written[index]) }, { say }),
  ]);
  const loadEndedAt = performance.now();
  const lateTimer = setTimeout(() => late.abort(), LATE_STRIKE_MS);
  const hits = await killing;
  clearTimeout(lateTimer);
  const books: Case = {
    scenario: name,
    seed,
    world,
    loads,
    witness,
    streams,
    planted,
    faults: schedule.length,
    kill_points: hits,
    kill_points_planned: rounds * pointsOf(world.victims).length,
    stream_entries_limit: entriesLimit(scenario, measure, {
      sent: loads.reduce((total, load) => total + load.sent, 0),
      planted: planted.length,
    }),
  };
  const verdict = await lookUntil(isSound, () => judge(books), {
    withinMs: measure.drainMs,
    everyMs: LOOK_MS,
  });
  if (!isSound(verdict)) for (const program of world.programs) say(lastLines(program.output()));
  return { ...verdict, drain_s: seconds(loadEndedAt) };
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;
const lastLines = (text: string): string => text.split('\n').slice(-8).join('\n');

async function sample({ writers }: World): Promise<void> {
  for (const writer of writers) await writer.sampleMemory();
}

async function destroyGroup({ auditor }: World, stream: StreamName | undefined): Promise<void> {
  if (stream === undefined) return;
  await eventually(() => auditor.xgroup('DESTROY', stream, groupOf(stream)), {
    timeoutMs: 30_000,
    everyMs: 100,
    what: 'XGROUP DESTROY',
  });
}

const ARRIVAL_MS = 3_000;

/** False when Redis does not have it in the end: it died with the entry. */
async function hasArrived({ auditor }: World, xadd: WireRequest): Promise<boolean> {
  const looking = eventually(
    async () => {
      if (!(await isInStream(auditor, xadd.words))) throw new Error('not yet');
    },
    { timeoutMs: ARRIVAL_MS, everyMs: 10, what: 'the entry' },
  );
  return looking.then(
    () => true,
    () => false,
  );
}
