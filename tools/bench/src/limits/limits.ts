import type { Scale } from '../arguments';
import { bareIngest } from '../baselines/bare-ingest';
import { BareUpsert } from '../baselines/bare-upsert';
import { roundTrips } from '../baselines/round-trips';
import type { BenchDeps, Report } from '../report';
import { median, percentile, rounded } from '../statistics';
import { telemetryOf } from '../telemetry/telemetry-frames';
import { createWorld, versions } from '../world';

interface LimitsMeasure {
  /** Times each contender runs; they take turns. */
  readonly rounds: number;
  readonly agents: number;
  /** Frames of each agent, 30 s apart by the hub's clock. */
  readonly framesPerAgent: number;
  /** Redis round trips measured one after the other. */
  readonly roundTrips: number;
}

const measures: Record<Scale, LimitsMeasure> = {
  quick: { rounds: 3, agents: 2_000, framesPerAgent: 6, roundTrips: 2_000 },
  full: { rounds: 5, agents: 2_000, framesPerAgent: 40, roundTrips: 20_000 },
};

/** What this machine can do at most: the baselines of the other benches. They take turns. */
export async function limits(scale: Scale, { say }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const world = await createWorld();
  try {
    const { frames } = telemetryOf(measure.agents, measure.framesPerAgent);
    const texts = frames.map((frame) => JSON.stringify(frame));
    const upsert = new BareUpsert(frames, world);
    const [ingests, upserts, p50s, p99s]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let round = 1; round <= measure.rounds; round++) {
      ingests.push(await bareIngest(texts, world.redis));
      await world.pool.query('TRUNCATE viw.os_gateway_status');
      upserts.push(await upsert.run({ points: false }));
      const times = await roundTrips(measure.roundTrips, world.redis);
      p50s.push(percentile(times, 0.5));
      p99s.push(percentile(times, 0.99));
      say(`round ${round} of ${measure.rounds}`);
    }
    const bytes = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
    return {
      rows: [
        { what: 'bare ws, JSON.parse, pipelined XADD', rounds: ingests, unit: 'frames/s' },
        { what: 'bare unnest upsert of os_gateway_status', rounds: upserts, unit: 'rows/s' },
        { what: 'bare round trip to Redis, p50', rounds: p50s, unit: 'ms' },
        { what: 'bare round trip to Redis, p99', rounds: p99s, unit: 'ms' },
      ],
      figures: {
        bench: 'limits',
        ingest_frames_per_s: rounded(median(ingests), 0),
        upsert_rows_per_s: rounded(median(upserts), 0),
        redis_p50_ms: rounded(median(p50s), 3),
        redis_p99_ms: rounded(median(p99s), 3),
        rounds: measure.rounds,
        frames: frames.length,
        frame_bytes: rounded(bytes, 0),
        versions: await versions(world),
      },
    };
  } finally {
    await world.stop();
  }
}
