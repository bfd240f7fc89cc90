import { streams } from '@viw/contracts';
import { type HubTls, bundleOf } from '@viw/programs';
import { SimulatorProcess, agentIdsOf } from '@viw/simulator';
import { registerFleets } from '../agents/register-fleet';
import type { Scale } from '../arguments';
import { Contender, type Leg } from '../ingest/contender';
import { findSaturation } from '../ingest/saturation';
import { Bridge, sharedSecret } from '../programs/bridge';
import type { BenchDeps, Report } from '../report';
import { median, ratioOfRounds, rounded } from '../statistics';
import { StreamLedger, framesOfEntry } from '../telemetry/stream-ledger';
import { type RedisWorld, createRedisWorld, versions } from '../world';
import { makeIdentities } from './hub-identities';

interface TlsMeasure {
  readonly rounds: number;
  /** On each of the hubs. */
  readonly agents: number;
  readonly legMs: number;
  readonly firstPerSecond: number;
  /** So few that no agent is asked to send more than its hub takes from one. */
  readonly maxSteps: number;
}

const measures: Record<Scale, TlsMeasure> = {
  quick: { rounds: 3, agents: 400, legMs: 1_500, firstPerSecond: 10_000, maxSteps: 2 },
  full: { rounds: 5, agents: 2_000, legMs: 6_000, firstPerSecond: 10_000, maxSteps: 5 },
};

/** Seconds; the run waits for the last frame's confirmation, which travels with it. */
const HEARTBEAT_S = 5;
const LOAD = 0.5;
/** By `--cpu-profile`. */
const PROFILED = 'tls';

const ways = ['plain', 'tls', 'mtls'] as const;
type Way = (typeof ways)[number];
type Legs = Readonly<Record<Way, Leg[]>>;

/**
 * Three hubs that differ in their transport only, in turns at half of what the plain one is seen to take. All of them take it: what
 * differs is the processor time that it costs.
 */
export async function tls(scale: Scale, { say, profile }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const world = await createRedisWorld();
  try {
    const { hubs, bridges } = await contenders(measure, world);
    const peak = await findSaturation(measure, (perSecond) => hubs.plain.leg(perSecond));
    say(`plain: takes ${Math.round(peak)} frames/s`);
    // Code that is not compiled yet is slow.
    for (const way of ways) await hubs[way].leg(LOAD * peak);
    const legs: Legs = { plain: [], tls: [], mtls: [] };
    await profile(bridges[PROFILED], async () => {
      for (let round = 1; round <= measure.rounds; round++) {
        for (const way of ways) legs[way].push(await hubs[way].leg(LOAD * peak));
        say(`round ${round} of ${measure.rounds}`);
      }
    });
    for (const way of ways) await hubs[way].checkConfirmed(3 * HEARTBEAT_S * 1_000);
    return report(legs, {
      peak_frames_per_s: Math.round(peak),
      agents: measure.agents,
      rounds: measure.rounds,
      versions: await versions(world),
    });
  } finally {
    await world.stop();
  }
}

function report(legs: Legs, figures: Readonly<Record<string, unknown>>): Report {
  const cpu = (way: Way): number[] => legs[way].map((leg) => leg.cpuUsPerFrame);
  const stored = (way: Way): number[] => legs[way].map((leg) => leg.stored);
  const above = (way: Way): number => rounded(100 * (ratioOfRounds(cpu(way), cpu('plain')) - 1), 1);
  const [tlsPct, mtlsPct] = [above('tls'), above('mtls')];
  return {
    rows: [
      ...ways.map((way) => ({ what: `${way}: confirmed frames`, rounds: stored(way), unit: 'frames/s' })),
      ...ways.map((way) => ({ what: `${way}: processor of the hub`, rounds: cpu(way), unit: 'µs/frame' })),
    ],
    figures: {
      bench: 'tls',
      overhead_pct: Math.max(tlsPct, mtlsPct),
      tls_overhead_pct: tlsPct,
      mtls_overhead_pct: mtlsPct,
      ...Object.fromEntries(ways.map((way) => [`${way}_cpu_us_per_frame`, rounded(median(cpu(way)), 1)])),
      frames_per_s: rounded(median(stored('plain')), 0),
      stored_ratio: rounded(ratioOfRounds(stored('mtls'), stored('plain')), 3),
      ...figures,
    },
  };
}

interface Contenders {
  readonly hubs: Record<Way, Contender>;
  readonly bridges: Record<Way, Bridge>;
}

async function contenders({ agents, legMs }: TlsMeasure, world: RedisWorld): Promise<Contenders> {
  const fleetOf = (way: Way) => ({ prefix: `gw-${way}`, agents, first: 0 });
  await registerFleets(ways.map(fleetOf), world);
  const identities = await makeIdentities(agentIdsOf(fleetOf('mtls')), world.dir);
  const { certFile, keyFile } = identities.hub;
  const transports: Record<Way, HubTls | undefined> = {
    plain: undefined,
    tls: { certFile, keyFile },
    mtls: identities.hub,
  };
  const senders = new SimulatorProcess({ role: 'senders', bundle: bundleOf('tools/simulator') });
  world.undo.push(() => senders.stop());
  const bridges = {} as Record<Way, Bridge>;
  const start = async (way: Way): Promise<Contender> => {
    const transport = transports[way];
    const bridge = await Bridge.start(
      { hub: `hub-${way}`, maxConnections: agents, heartbeatS: HEARTBEAT_S, tls: transport },
      world,
    );
    bridges[way] = bridge;
    const { prefix } = fleetOf(way);
    await senders.call('connect', {
      ...{ prefix, count: agents, sharedSecret, target: way, url: bridge.url, awaitsWelcome: true },
      ...(transport !== undefined && { ca: identities.hubCa }),
      ...(way === 'mtls' && { certificates: identities.certificates }),
    });
    // A leg ends when all of its frames are booked: the stream never holds those of two hubs.
    const ledger = new StreamLedger(
      { stream: streams.telemetry, framesOf: framesOfEntry },
      { redis: world.redis },
    );
    return new Contender({ target: way, pid: bridge.pid, prefix, legMs }, { senders, ledger });
  };
  const hubs = { plain: await start('plain'), tls: await start('tls'), mtls: await start('mtls') };
  return { hubs, bridges };
}
