import { Chance } from '../chance';
import type { TcpFault } from '../faults/fault-proxy';

export type CommandFault =
  | { readonly kind: 'kill'; readonly process: string; readonly awayMs: number }
  | { readonly kind: 'freeze'; readonly process: string; readonly forMs: number }
  | { readonly kind: 'crash'; readonly server: 'redis' | 'postgres'; readonly forMs: number }
  | { readonly kind: 'tcp'; readonly wire: string; readonly fault: TcpFault; readonly forMs: number };

export type ScheduledCommandFault = CommandFault & {
  /** After the start of the load. */ readonly atMs: number;
};

/** Names of everything that can be hit. */
export interface Victims {
  readonly hubs: readonly string[];
  readonly agents: readonly string[];
  readonly helpers: readonly string[];
  readonly writers: readonly string[];
  readonly backends: readonly string[];
  /** Between an agent and the hubs. */
  readonly agentWires: readonly string[];
  /** Within the control plane, and from the client to it. */
  readonly innerWires: readonly string[];
}

export interface CommandFaultOptions {
  readonly seed: number;
  /** Faults begin within it. */
  readonly windowMs: number;
  readonly everyMs: number;
  /** Share by which stalls, freezes and outages last longer; 1 by default. */
  readonly stretch?: number;
  /** For so long a hub is also killed or frozen: other hubs then take it for dead. Not at all without it. */
  readonly hubAwayMs?: number | undefined;
}

/**
 * What will go wrong and when: a pure function of its arguments. Each kind comes once before any comes twice, in an order
 * that the seed decides. Redis is away for longer than a blocked read lasts (2 s).
 */
export function planCommandFaults(
  { seed, windowMs, everyMs, stretch = 1, hubAwayMs }: CommandFaultOptions,
  victims: Victims,
): ScheduledCommandFault[] {
  const chance = new Chance(seed);
  const lasting = (min: number, max: number): number => Math.round(chance.int(min, max) * stretch);
  const kill = (of: readonly string[]) => (): CommandFault => ({
    kind: 'kill',
    process: chance.pick(of),
    awayMs: lasting(200, 1_000),
  });
  const freeze = (of: readonly string[]) => (): CommandFault => ({
    kind: 'freeze',
    process: chance.pick(of),
    forMs: lasting(800, 2_500),
  });
  const tcp = (of: readonly string[], fault: TcpFault, min: number, max: number) => (): CommandFault => ({
    kind: 'tcp',
    wire: chance.pick(of),
    fault,
    forMs: lasting(min, max),
  });
  const { hubs, agents, helpers, writers, backends, agentWires, innerWires } = victims;
  const hubAway = (forMs: number) => (): CommandFault => {
    const process = chance.pick(hubs);
    return chance.next() < 0.5
      ? { kind: 'kill', process, awayMs: forMs }
      : { kind: 'freeze', process, forMs };
  };
  const processes = [hubs, agents, helpers, writers, backends];
  const kinds: readonly (() => CommandFault)[] = [
    ...processes.flatMap((each) => [kill(each), freeze(each)]),
    () => ({ kind: 'crash', server: 'redis', forMs: lasting(2_200, 3_000) }),
    () => ({ kind: 'crash', server: 'postgres', forMs: lasting(800, 1_800) }),
    ...[agentWires, innerWires].flatMap((each) => [
      tcp(each, 'reset', 0, 0),
      tcp(each, 'stall', 800, 1_800),
      tcp(each, 'swallow', 200, 900),
    ]),
    tcp([...agentWires, ...innerWires], 'delay', 800, 2_000),
    ...(hubAwayMs === undefined ? [] : [hubAway(hubAwayMs)]),
  ];
  const count = Math.max(1, Math.floor(windowMs / everyMs));
  const order: (() => CommandFault)[] = [];
  while (order.length < count) order.push(...chance.shuffled(kinds));
  return order
    .slice(0, count)
    .map((make, i) => ({ ...make(), atMs: Math.round((i + chance.next()) * (windowMs / count)) }));
}

/** Faults of one target wait for each other; those of different targets overlap. */
export const laneOf = (fault: CommandFault): string =>
  fault.kind === 'tcp' ? fault.wire : fault.kind === 'crash' ? fault.server : fault.process;

export function describeCommandFault(fault: CommandFault): string {
  switch (fault.kind) {
    case 'kill':
      return `SIGKILL of ${fault.process}, away for ${fault.awayMs} ms`;
    case 'freeze':
      return `SIGSTOP of ${fault.process} for ${fault.forMs} ms`;
    case 'crash':
      return `SIGKILL of ${fault.server}, away for ${fault.forMs} ms`;
    case 'tcp':
      return `TCP ${fault.fault} on ${fault.wire}${fault.forMs > 0 ? ` for ${fault.forMs} ms` : ''}`;
  }
}
