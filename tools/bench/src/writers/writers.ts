import type { Scale } from '../arguments';
import { BareUpsert } from '../baselines/bare-upsert';
import type { BenchDeps, Report } from '../report';
import { median, ratioOfRounds, rounded } from '../statistics';
import { telemetryOf } from '../telemetry/telemetry-frames';
import { createWorld, versions } from '../world';
import { checkStored, emptyTables } from './stored-telemetry';
import { StreamBacklog } from './stream-backlog';
import { startTelemetryWriter } from '../programs/telemetry-writer';

interface WritersMeasure {
  /** Times each contender runs; they take turns. */
  readonly rounds: number;
  readonly agents: number;
  /** Frames of each agent, 30 s apart by the hub's clock. */
  readonly framesPerAgent: number;
}

const measures: Record<Scale, WritersMeasure> = {
  quick: { rounds: 3, agents: 2_000, framesPerAgent: 6 },
  full: { rounds: 5, agents: 2_000, framesPerAgent: 40 },
};

/** A quick run has to fail before it is over time. */
const DRAIN_LIMIT_MS = 30_000;

/**
 * The built telemetry-writer drains a prefilled stream to committed rows, in turns with the bare upsert of the same
 * rows. Every round begins with empty tables and ends with a look at what is stored.
 */
export async function writers(scale: Scale, { say }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const world = await createWorld();
  try {
    const fleet = telemetryOf(measure.agents, measure.framesPerAgent);
    const { frames } = fleet;
    const backlog = new StreamBacklog(frames, world);
    const upsert = new BareUpsert(frames, world);
    const writer = await startTelemetryWriter(world);
    const drain = async (): Promise<number> => {
      await emptyTables(fleet, world.pool);
      await backlog.fill();
      const seconds = await backlog.drain(DRAIN_LIMIT_MS);
      await backlog.check();
      await checkStored(fleet, world.pool);
      if (!writer.running) throw new Error('the telemetry-writer has ended');
      return frames.length / seconds;
    };
    const bare = async (points: boolean): Promise<number> => {
      await emptyTables(fleet, world.pool);
      return upsert.run({ points });
    };
    // Once each for nothing: compiled code, warm caches, connections.
    await drain();
    await bare(true);
    const [drained, rows, statuses]: [number[], number[], number[]] = [[], [], []];
    for (let round = 1; round <= measure.rounds; round++) {
      drained.push(await drain());
      rows.push(await bare(true));
      statuses.push(await bare(false));
      say(`round ${round} of ${measure.rounds}`);
    }
    return {
      rows: [
        { what: 'telemetry-writer, stream to committed rows', rounds: drained, unit: 'frames/s' },
        { what: 'bare upsert of the same rows', rounds: rows, unit: 'frames/s' },
        { what: 'bare upsert of os_gateway_status alone', rounds: statuses, unit: 'frames/s' },
      ],
      figures: {
        bench: 'writers',
        ratio: rounded(ratioOfRounds(drained, rows), 3),
        ratio_to_status_alone: rounded(ratioOfRounds(drained, statuses), 3),
        frames_per_s: rounded(median(drained), 0),
        bare_frames_per_s: rounded(median(rows), 0),
        bare_status_frames_per_s: rounded(median(statuses), 0),
        rounds: measure.rounds,
        frames: frames.length,
        agents: measure.agents,
        versions: await versions(world),
      },
    };
  } finally {
    await world.stop();
  }
}
