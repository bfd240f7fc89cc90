import { setTimeout as pause } from 'node:timers/promises';
import type { CommandStatus } from '@viw/contracts';
import { Chance } from '../chance';
import { crash } from '../faults/crash';
import { carryOut } from '../faults/lanes';
import { lookUntil } from '../look-until';
import type { CommandFault } from './schedule';
import { describeCommandFault, laneOf, planCommandFaults } from './schedule';
import { readEvidence, readUnrest, watchEnds } from './evidence';
import { auditCommands } from '../ledger/command-ledger';
import { CommandLoad } from './load';
import { type CommandWorld, createCommandWorld } from './world';
import type { CommandsMeasure } from './measure';
import { type CommandsVerdict, isAtRest, isSound } from './verdict';

export interface CommandsRunOptions {
  readonly seed: number;
  readonly measure: CommandsMeasure;
}

const WATCH_MS = 500;
const LOOK_MS = 500;
const PATIENCE_MS = 30_000;

/** Commands and faults at the same time, then rest, then the books. The same seed plans the same faults. */
export async function runCommands(
  { seed, measure }: CommandsRunOptions,
  { say }: { say: (line: string) => void },
): Promise<CommandsVerdict> {
  const startedAt = performance.now();
  const world = await createCommandWorld({ gateways: measure.gateways });
  let keepLogs = true;
  try {
    const { windowMs, faultEveryMs: everyMs, stretch, hubAwayMs } = measure;
    const plan = planCommandFaults({ seed, windowMs, everyMs, stretch, hubAwayMs }, world.victims);
    const load = new CommandLoad(
      {
        agents: world.gateways.map(({ agentId }) => agentId),
        commandsPerSecond: measure.commandsPerSecond,
        patienceMs: PATIENCE_MS,
      },
      { client: world.client, chance: new Chance(seed + 1) },
    );
    say(
      `commands, seed ${seed}: ready after ${seconds(startedAt)} s; ${windowMs / 1_000} s of load, ${plan.length} faults`,
    );
    const firstEnds = new Map<string, CommandStatus>();
    let look: Promise<void> | undefined;
    const watching = setInterval(() => {
      // Postgres may be away: then it is looked at the next time.
      look ??= watchEnds(world.db, firstEnds)
        .catch(() => undefined)
        .finally(() => (look = undefined));
    }, WATCH_MS);
    try {
      await Promise.all([
        load.run(windowMs),
        carryOut(plan, {
          laneOf,
          inflict: (fault) => inflict(fault, world),
          begun: (fault, atMs) =>
            say(`${(atMs / 1_000).toFixed(1).padStart(6)} s  ${describeCommandFault(fault)}`),
        }),
      ]);
      const loadEndedAt = performance.now();
      const judged = await lookUntil(
        isAtRest,
        () => judge({ seed, world, load, firstEnds, faults: plan.length }),
        { withinMs: measure.drainMs, everyMs: LOOK_MS },
      );
      const verdict = { ...judged, drain_s: seconds(loadEndedAt), seconds: seconds(startedAt) };
      keepLogs = !isSound(verdict);
      return verdict;
    } finally {
      clearInterval(watching);
    }
  } finally {
    if (keepLogs) say(`the logs of all processes are in ${world.logs}`);
    await world.stop({ keepLogs });
  }
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;

async function inflict(
  fault: CommandFault,
  { processes, wires, redis, postgres }: CommandWorld,
): Promise<void> {
  switch (fault.kind) {
    case 'kill':
      await processes.get(fault.process)?.killFor(fault.awayMs);
      // It cannot be hit again before it is back.
      return void (await pause(fault.awayMs));
    case 'freeze':
      return processes.get(fault.process)?.freeze(fault.forMs);
    case 'crash':
      return crash(fault.server === 'redis' ? redis : postgres, fault.forMs);
    case 'tcp':
      return wires.get(fault.wire)?.inflict(fault.fault, fault.forMs);
  }
}

async function judge(options: {
  seed: number;
  world: CommandWorld;
  load: CommandLoad;
  firstEnds: ReadonlyMap<string, CommandStatus>;
  faults: number;
}): Promise<CommandsVerdict> {
  const { seed, world, load, firstEnds, faults } = options;
  const unrest = await readUnrest(world);
  const evidence = await readEvidence(world, firstEnds);
  const { lost, duplicated, phantom, examples } = auditCommands(load.asked, evidence);
  const ended = (status: CommandStatus): number =>
    evidence.commands.filter((command) => command.status === status).length;
  const unknown = new Set(
    evidence.commands.filter(({ status }) => status === 'unknown').map(({ mark }) => mark),
  );
  return {
    scenario: 'commands',
    seed,
    lost,
    duplicated,
    phantom,
    asked: load.asked.length,
    accepted: load.asked.filter(({ accepted }) => accepted !== undefined).length,
    refused: load.asked.filter(({ refused }) => refused !== undefined).length,
    succeeded: ended('succeeded'),
    failed: ended('failed'),
    denied: ended('denied'),
    timeout: ended('timeout'),
    expired: ended('expired'),
    cancelled: ended('cancelled'),
    unknown: unknown.size,
    effects: evidence.effects.length,
    unknown_done: evidence.effects.filter(({ mark }) => unknown.has(mark)).length,
    late_results: evidence.results.filter(({ late }) => late).length,
    ...unrest,
    refused_by_redis: unrest.refused_by_redis.length,
    faults,
    unexpected_ends: world.processes.unexpectedEnds,
    drain_s: 0,
    seconds: 0,
    examples: [...unrest.refused_by_redis, ...examples],
  };
}
