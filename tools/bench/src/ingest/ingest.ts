import { streams } from '@viw/contracts';
import { bundleOf } from '@viw/programs';
import { SimulatorProcess } from '@viw/simulator';
import type { Scale } from '../arguments';
import type { BenchDeps, Report } from '../report';
import { Bridge, sharedSecret } from '../programs/bridge';
import { processUsage } from '../programs/process-usage';
import { registerFleet } from '../agents/register-fleet';
import { median, ratioOfRounds, rounded } from '../statistics';
import { type RedisWorld, createRedisWorld, versions } from '../world';
import { Contender, type Leg } from './contender';
import { findSaturation } from './saturation';
import { type StoredFrame, StreamLedger, framesOfEntry } from '../telemetry/stream-ledger';

interface IngestMeasure {
  readonly rounds: number;
  readonly agents: number;
  readonly legMs: number;
  readonly firstPerSecond: number;
}

const measures: Record<Scale, IngestMeasure> = {
  quick: { rounds: 3, agents: 1_600, legMs: 1_000, firstPerSecond: 10_000 },
  full: { rounds: 5, agents: 4_000, legMs: 5_000, firstPerSecond: 10_000 },
};

/** Seconds; the confirmed frame travels with the hub's heartbeat, and the run waits for the last one. */
const HEARTBEAT_S = 5;
/** Above saturation, so that the hub is never short of work; and the overload of `collapse`. */
const PEAK_LOAD = 1.2;
const OVERLOAD = 2;
const BARE_STREAM = 'bench.bare';
const prefix = 'gw-bench';

/**
 * The real hub against the bare one: same senders, same frames, same Redis, in turns. How much each can take is found
 * by offering more and more.
 */
export async function ingest(scale: Scale, { say, profile }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const world = await createRedisWorld();
  try {
    const { bridge, hub, bare } = await contenders(measure, world);
    const peaks = { hub: 0, bare: 0 };
    for (const [name, contender] of [
      ['hub', hub],
      ['bare', bare],
    ] as const) {
      peaks[name] = await findSaturation(measure, (perSecond) => contender.leg(perSecond));
      say(`${name}: saturated at ${Math.round(peaks[name])} frames/s`);
    }
    const hubs: Leg[] = [];
    const bares: Leg[] = [];
    const overloads: Leg[] = [];
    await profile(bridge, async () => {
      for (let round = 1; round <= measure.rounds; round++) {
        hubs.push(await hub.leg(PEAK_LOAD * peaks.hub));
        bares.push(await bare.leg(PEAK_LOAD * peaks.bare));
        overloads.push(await hub.leg(OVERLOAD * peaks.hub));
        say(`round ${round} of ${measure.rounds}`);
      }
    });
    await hub.checkConfirmed(3 * HEARTBEAT_S * 1_000);
    return report(
      { hubs, bares, overloads },
      {
        rss_mb: rounded(processUsage(bridge.pid).peakRssKb / 1_024, 0),
        frames_shed: await bridge.metric('viw_stream_shed_total'),
        agents: measure.agents,
        rounds: measure.rounds,
        versions: await versions(world),
      },
    );
  } finally {
    await world.stop();
  }
}

function report(
  {
    hubs,
    bares,
    overloads,
  }: { readonly hubs: readonly Leg[]; readonly bares: readonly Leg[]; readonly overloads: readonly Leg[] },
  figures: Readonly<Record<string, unknown>>,
): Report {
  const stored = (legs: readonly Leg[]): number[] => legs.map((leg) => leg.stored);
  const cpu = (legs: readonly Leg[]): number[] => legs.map((leg) => leg.cpuUsPerFrame);
  const offered = overloads.map((leg) => leg.offered);
  return {
    rows: [
      { what: 'agent-bridge, confirmed frames', rounds: stored(hubs), unit: 'frames/s' },
      { what: 'bare ws, JSON.parse, pipelined XADD', rounds: stored(bares), unit: 'frames/s' },
      { what: 'agent-bridge at twice saturation', rounds: stored(overloads), unit: 'frames/s' },
      { what: '  offered then', rounds: offered, unit: 'frames/s' },
      { what: 'agent-bridge, processor', rounds: cpu(hubs), unit: 'µs/frame' },
      { what: 'bare, processor', rounds: cpu(bares), unit: 'µs/frame' },
    ],
    figures: {
      bench: 'ingest',
      ratio: rounded(ratioOfRounds(stored(hubs), stored(bares)), 3),
      collapse: rounded(ratioOfRounds(stored(overloads), stored(hubs)), 3),
      frames_per_s: rounded(median(stored(hubs)), 0),
      bare_frames_per_s: rounded(median(stored(bares)), 0),
      overload: rounded(ratioOfRounds(offered, stored(hubs)), 2),
      cpu_us_per_frame: rounded(median(cpu(hubs)), 1),
      bare_cpu_us_per_frame: rounded(median(cpu(bares)), 1),
      ...figures,
    },
  };
}

async function contenders(measure: IngestMeasure, world: RedisWorld) {
  const { agents, legMs } = measure;
  const { redis } = world;
  const bundle = bundleOf('tools/simulator');
  const start = <R extends 'senders' | 'bare-hub'>(role: R): SimulatorProcess<R> => {
    const simulator = new SimulatorProcess({ role, bundle });
    world.undo.push(() => simulator.stop());
    return simulator;
  };
  const fleet = { prefix, agents, first: 0 };
  await registerFleet(fleet, world);
  const bridge = await Bridge.start(
    { hub: 'hub-bench', maxConnections: agents, heartbeatS: HEARTBEAT_S },
    world,
  );
  const bareHub = start('bare-hub');
  const { url } = await bareHub.call('start', { redisUrl: world.redisServer.url, stream: BARE_STREAM });
  const senders = start('senders');
  const common = { prefix, count: agents, sharedSecret };
  await senders.call('connect', { ...common, target: 'hub', url: bridge.url, awaitsWelcome: true });
  await senders.call('connect', { ...common, target: 'bare', url, awaitsWelcome: false });
  const hub = new StreamLedger({ stream: streams.telemetry, framesOf: framesOfEntry }, { redis });
  const bare = new StreamLedger({ stream: BARE_STREAM, framesOf: (body) => [frame(body)] }, { redis });
  return {
    bridge,
    hub: new Contender({ target: 'hub', pid: bridge.pid, prefix, legMs }, { senders, ledger: hub }),
    bare: new Contender({ target: 'bare', pid: bareHub.pid, prefix, legMs }, { senders, ledger: bare }),
  };
}

const frame = (body: string): StoredFrame => JSON.parse(body) as StoredFrame;
