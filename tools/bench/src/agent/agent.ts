import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { streams } from '@viw/contracts';
import { generateSigningKey } from '@viw/commands';
import { bundleOf } from '@viw/programs';
import { agentIdsOf } from '@viw/simulator';
import { type Program, eventually, startProgram } from '@viw/testing';
import type { Scale } from '../arguments';
import { registerFleet } from '../agents/register-fleet';
import { Bridge, sharedSecret } from '../programs/bridge';
import { processUsage } from '../programs/process-usage';
import type { BenchDeps, Report, Row } from '../report';
import { rounded } from '../statistics';
import { type RedisWorld, createRedisWorld, versions } from '../world';

interface AgentMeasure {
  /** Until what the start needs is over. */
  readonly settleMs: number;
  /** How long agent and helper are watched, reporting every 30 s and asked for nothing. */
  readonly watchMs: number;
}

const measures: Record<Scale, AgentMeasure> = {
  quick: { settleMs: 5_000, watchMs: 30_000 },
  full: { settleMs: 30_000, watchMs: 600_000 },
};

const range = { prefix: 'gw-rest', first: 0, agents: 1 };

/** One shipped agent and its helper at rest: what they take from the gateway whose VPN they must not disturb. */
export async function agent(scale: Scale, { say, profile }: BenchDeps): Promise<Report> {
  const { settleMs, watchMs } = measures[scale];
  const world = await createRedisWorld();
  try {
    const [agentId = ''] = agentIdsOf(range);
    await registerFleet(range, world);
    const bridge = await Bridge.start({ hub: 'hub-bench', maxConnections: 10 }, world);
    const programs = await startHost(agentId, bridge, world);
    await eventually(async () => {
      if ((await world.redis.xlen(streams.telemetry)) === 0) throw new Error('no telemetry yet');
    });
    say('agent and helper run');
    await pause(settleMs);
    const before = programs.map(({ pid }) => processUsage(pid).cpuMs);
    const from = performance.now();
    await profile(bridge, () => pause(watchMs));
    const elapsed = performance.now() - from;
    const used = programs.map(({ name, pid }, index) => {
      const usage = processUsage(pid);
      return {
        name,
        rssMb: usage.rssKb / 1_024,
        peakMb: usage.peakRssKb / 1_024,
        cpuPct: (100 * (usage.cpuMs - (before[index] ?? 0))) / elapsed,
      };
    });
    const reports = await world.redis.xlen(streams.telemetry);
    if (reports < Math.floor(watchMs / 30_000)) throw new Error(`only ${reports} reports are in the stream`);
    const rows = used.flatMap(({ name, rssMb, peakMb, cpuPct }): Row[] => [
      { what: `${name}: resident memory`, rounds: [rssMb], unit: 'MiB' },
      { what: `${name}: its highest`, rounds: [peakMb], unit: 'MiB' },
      { what: `${name}: processor`, rounds: [cpuPct], unit: '% of a core' },
    ]);
    const figures = Object.fromEntries(
      used.flatMap(({ name, rssMb, peakMb, cpuPct }) => [
        [`${name}_rss_mb`, rounded(rssMb, 1)],
        [`${name}_peak_mb`, rounded(peakMb, 1)],
        [`${name}_cpu_pct`, rounded(cpuPct, 2)],
      ]),
    );
    return { rows, figures: { bench: 'agent', ...figures, versions: await versions(world) } };
  } finally {
    await world.stop();
  }
}

/** Agent and helper, as an installation runs them. */
async function startHost(agentId: string, bridge: Bridge, world: RedisWorld): Promise<Program[]> {
  // Short: the path of a Unix socket has about 100 characters at most.
  const dir = await mkdtemp(join(tmpdir(), 'viw-rest-'));
  world.undo.push(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'scripts'));
  const secret = randomBytes(32).toString('base64url');
  const socket = join(dir, 'h.sock');
  const { publicKey } = await generateSigningKey();
  const start = async (name: string, app: string, env: Record<string, string>): Promise<Program> => {
    const program = await startProgram({
      name,
      argv: [process.execPath, bundleOf(`apps/${app}`)],
      cwd: dir,
      env,
      logFile: join(world.dir, `${name}.log`),
      readyWhen: { line: /"event":"started"/ },
    });
    world.undo.push(() => program.stop());
    return program;
  };
  const helper = await start('helper', 'host-helper', {
    HOST_HELPER_ENABLED: 'true',
    HOST_HELPER_AGENT_ID: agentId,
    HOST_HELPER_SOCKET: socket,
    HOST_HELPER_SECRET: secret,
    HOST_HELPER_KEYS_DIR: join(dir, 'keys'),
    HOST_HELPER_STATE_DIR: join(dir, 'helper'),
    HOST_HELPER_SCRIPTS_ROOT: join(dir, 'scripts'),
  });
  const shipped = await start('agent', 'gateway-agent', {
    GATEWAY_AGENT_ENABLED: 'true',
    GATEWAY_AGENT_ID: agentId,
    GATEWAY_AGENT_HUB_URL: bridge.url,
    GATEWAY_AGENT_SHARED_SECRET: sharedSecret,
    GATEWAY_AGENT_HELPER_SOCKET: socket,
    GATEWAY_AGENT_HELPER_SECRET: secret,
    GATEWAY_AGENT_TRUSTED_KEYS: JSON.stringify({ keys: [publicKey] }),
    GATEWAY_AGENT_STATE_DIR: join(dir, 'agent'),
    GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: '0',
  });
  return [shipped, helper];
}
