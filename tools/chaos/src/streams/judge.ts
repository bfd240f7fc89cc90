import { setTimeout as pause } from 'node:timers/promises';
import type { StreamName } from '@viw/contracts';
import { type Planted, auditDeadLetters } from '../ledger/dead-letter-ledger';
import type { Findings } from '../ledger/findings';
import { auditStreams } from '../ledger/stream-ledger';
import type { Load } from './load/load';
import { type ScenarioName, groupOf } from './scenario';
import type { Verdict } from './verdict';
import { type AuditingGroup, auditingGroup } from '../world/auditing-group';
import { readDeadLetters, refusedByRedis, unfinished, usedMemoryMb } from '../world/stream-state';
import type { World } from './world';

export interface Case {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly world: World;
  readonly loads: readonly Load[];
  readonly witness: AuditingGroup;
  readonly streams: readonly StreamName[];
  readonly planted: readonly Planted[];
  readonly faults: number;
  readonly kill_points: number;
  readonly kill_points_planned: number;
  readonly stream_entries_limit: number;
}

/** Compares all books as they are now. Times are the caller's to fill in. */
export async function judge({ world, loads, witness, streams, planted, ...facts }: Case): Promise<Verdict> {
  await Promise.race([Promise.all(loads.map((load) => load.settled())), pause(1_000)]);
  // Its own backlog first: what it has not seen yet would look lost.
  const audit = await unfinished(world.auditor, streams, () => auditingGroup);
  const seen = witness.entries;
  for (const load of loads) load.witness(seen);
  const stream = auditStreams(
    {
      published: new Map(loads.flatMap((load) => [...load.published])),
      planted: new Set(planted.map(({ mark }) => mark)),
      expects: (entry) => loads.some((load) => load.expects(entry)),
    },
    seen,
  );
  const findings = await Promise.all(loads.map((load) => load.audit()));
  const dead = auditDeadLetters(planted, await readDeadLetters(world.auditor, streams));
  const refused = await refusedByRedis(world.auditor);
  const group = await unfinished(world.auditor, streams, groupOf);
  const sum = (of: (each: Findings) => number): number =>
    findings.reduce((total, each) => total + of(each), 0);
  return {
    ...facts,
    lost: sum((each) => each.lost) + stream.lost,
    duplicated: sum((each) => each.duplicated),
    phantom: sum((each) => each.phantom) + stream.phantom,
    disordered: sum((each) => each.disordered),
    dead_letters: dead.found + dead.unplanted,
    planted: dead.planted,
    dead_unplanted: dead.unplanted,
    sent: loads.reduce((total, load) => total + load.sent, 0),
    acknowledged: loads.reduce((total, load) => total + load.acknowledged, 0),
    promised: sum((each) => each.promised),
    stored: sum((each) => each.stored),
    audited: stream.audited,
    resent: stream.resent,
    pending: group.pending + audit.pending,
    unread: group.unread + audit.unread,
    stream_entries: group.entries,
    redis_mb: await usedMemoryMb(world.auditor),
    refused_by_redis: refused.length,
    writer_rss_mb: Math.max(...world.writers.map((writer) => writer.peakRssMb)),
    unexpected_ends: world.programs.reduce((total, program) => total + program.unexpectedEnds, 0),
    drain_s: 0,
    seconds: 0,
    examples: [
      ...refused,
      ...stream.examples,
      ...findings.flatMap((each) => each.examples),
      ...dead.examples,
    ],
  };
}
