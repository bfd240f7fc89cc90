import { setTimeout as pause } from 'node:timers/promises';
import type { StreamName } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { unleash } from './faults/nemesis';
import type { Planted } from './ledger/dead-letter-ledger';
import { auditDeadLetters } from './ledger/dead-letter-ledger';
import type { Load } from './load/load';
import type { Measure, ScenarioName } from './scenario';
import { faultsOf, groupOf, loadsOf, plantedFor, scenarios, windowOf } from './scenario';
import { type Verdict, isSound } from './verdict';
import { plant } from './world/planter';
import { readDeadLetters, unfinished, usedMemoryMb } from './world/stream-state';
import { type World, createWorld } from './world/world';

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

/** Load and faults at the same time, then rest, then the books. The same seed plans the same faults and poison. */
export async function runChaos(
  { scenario: name, seed, measure }: RunOptions,
  { say }: RunDeps,
): Promise<Verdict> {
  const scenario = scenarios[name];
  const startedAt = performance.now();
  const world = await createWorld(scenario.services);
  try {
    const loads = loadsOf(scenario, measure, seed, world);
    const streams = loads.flatMap((load) => load.streams);
    const planted = plantedFor(scenario, measure, seed, streams);
    const parties = { seed, writers: world.writers.length, groups: streams.length };
    const schedule = faultsOf(scenario, measure, parties);
    const windowMs = windowOf(scenario, measure);
    for (const load of loads) await load.prepare();
    say(`${name}, seed ${seed}: ${(windowMs / 1_000).toFixed(0)} s of load, ${schedule.length} faults`);
    const sampling = setInterval(() => void sample(world), SAMPLE_MS);
    try {
      await Promise.all([
        ...loads.map((load) => load.run(windowMs)),
        plant(planted, windowMs, world.auditor),
        unleash(
          schedule,
          { ...world, destroyGroup: (index) => destroyGroup(world, streams[index]) },
          { say },
        ),
      ]);
      const loadEndedAt = performance.now();
      const verdict = await drained(
        () => judge({ name, seed, world, loads, streams, planted, faults: schedule.length }),
        measure.drainMs,
      );
      const whole = { ...verdict, drain_s: seconds(loadEndedAt), seconds: seconds(startedAt) };
      if (!isSound(whole)) for (const writer of world.writers) say(lastLines(writer.output()));
      return whole;
    } finally {
      clearInterval(sampling);
    }
  } finally {
    await world.stop();
  }
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

/** Looks again until the books balance or the time is over; the last look counts. */
async function drained(judge: () => Promise<Verdict>, drainMs: number): Promise<Verdict> {
  const deadline = performance.now() + drainMs;
  for (;;) {
    const verdict = await judge().catch((error: unknown) => {
      if (performance.now() > deadline) throw error;
      return undefined;
    });
    if (verdict && (isSound(verdict) || performance.now() > deadline)) return verdict;
    await pause(300);
  }
}

async function judge(options: {
  name: ScenarioName;
  seed: number;
  world: World;
  loads: readonly Load[];
  streams: readonly StreamName[];
  planted: readonly Planted[];
  faults: number;
}): Promise<Verdict> {
  const { name, seed, world, loads, streams, planted, faults } = options;
  await Promise.race([Promise.all(loads.map((load) => load.settled())), pause(1_000)]);
  const findings = await Promise.all(loads.map((load) => load.audit()));
  const dead = auditDeadLetters(planted, await readDeadLetters(world.auditor, streams));
  const { pending, unread, entries } = await unfinished(world.auditor, streams, groupOf);
  const sum = (of: (each: (typeof findings)[number]) => number): number =>
    findings.reduce((total, each) => total + of(each), 0);
  const sent = loads.reduce((total, load) => total + load.sent, 0);
  const acknowledged = loads.reduce((total, load) => total + load.acknowledged, 0);
  return {
    scenario: name,
    seed,
    lost: sum((each) => each.lost),
    duplicated: sum((each) => each.duplicated),
    phantom: sum((each) => each.phantom),
    disordered: sum((each) => each.disordered),
    dead_letters: dead.found + dead.unplanted,
    planted: dead.planted,
    dead_unplanted: dead.unplanted,
    sent,
    acknowledged,
    promised: sum((each) => each.promised),
    stored: sum((each) => each.stored),
    faults,
    pending,
    unread,
    stream_entries: entries,
    redis_mb: await usedMemoryMb(world.auditor),
    writer_rss_mb: Math.max(...world.writers.map((writer) => writer.peakRssMb)),
    unexpected_ends: world.writers.reduce((total, writer) => total + writer.unexpectedEnds, 0),
    drain_s: 0,
    seconds: 0,
    examples: [...findings.flatMap((each) => each.examples), ...dead.examples],
  };
}
