import { Chance } from '../chance';
import type { TcpFault } from '../faults/fault-proxy';

export const wires = ['hub-redis', 'writer-redis', 'writer-postgres'] as const;
/** A connection that a proxy of ours sits in. */
export type Wire = (typeof wires)[number];

export type Fault =
  | { readonly kind: 'kill-writer'; readonly writer: number }
  | { readonly kind: 'freeze-writer'; readonly writer: number; readonly forMs: number }
  | { readonly kind: 'crash-redis'; readonly forMs: number }
  | { readonly kind: 'crash-postgres'; readonly forMs: number }
  | { readonly kind: 'destroy-group'; readonly group: number }
  | { readonly kind: 'tcp'; readonly wire: Wire; readonly fault: TcpFault; readonly forMs: number };

export type ScheduledFault = Fault & { /** After the start of the load. */ readonly atMs: number };

export interface ScheduleOptions {
  readonly seed: number;
  /** Faults begin within it. */
  readonly windowMs: number;
  readonly writers: number;
  readonly groups: number;
  /** Share by which stalls, freezes and outages last longer; 1 by default. */
  readonly stretch?: number;
}

const EVERY_MS = 1_100;

/**
 * What will go wrong and when: a pure function of its options. Each kind comes once before any comes twice, in an order
 * that the seed decides. Redis is away for longer than a blocked read lasts (2 s).
 */
export function planFaults({
  seed,
  windowMs,
  writers,
  groups,
  stretch = 1,
}: ScheduleOptions): ScheduledFault[] {
  const chance = new Chance(seed);
  const lasting = (min: number, max: number): number => Math.round(chance.int(min, max) * stretch);
  const tcp = (fault: TcpFault, forMs: number): Fault => ({
    kind: 'tcp',
    wire: chance.pick(wires),
    fault,
    forMs,
  });
  const kinds: readonly (() => Fault)[] = [
    () => ({ kind: 'kill-writer', writer: chance.int(0, writers - 1) }),
    () => ({ kind: 'freeze-writer', writer: chance.int(0, writers - 1), forMs: lasting(1_000, 2_000) }),
    () => ({ kind: 'crash-redis', forMs: lasting(2_200, 3_000) }),
    () => ({ kind: 'crash-postgres', forMs: lasting(800, 1_800) }),
    () => ({ kind: 'destroy-group', group: chance.int(0, groups - 1) }),
    () => tcp('reset', 0),
    () => tcp('stall', lasting(800, 1_800)),
    () => tcp('swallow', lasting(200, 900)),
    () => tcp('delay', lasting(800, 2_000)),
  ];
  const count = Math.max(1, Math.floor(windowMs / EVERY_MS));
  const order: (() => Fault)[] = [];
  while (order.length < count) order.push(...chance.shuffled(kinds));
  return order
    .slice(0, count)
    .map((make, i) => ({ ...make(), atMs: Math.round((i + chance.next()) * (windowMs / count)) }));
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill-writer':
      return `SIGKILL of writer ${fault.writer + 1}`;
    case 'freeze-writer':
      return `SIGSTOP of writer ${fault.writer + 1} for ${fault.forMs} ms`;
    case 'crash-redis':
      return `SIGKILL of Redis, away for ${fault.forMs} ms`;
    case 'crash-postgres':
      return `SIGKILL of Postgres, away for ${fault.forMs} ms`;
    case 'destroy-group':
      return `XGROUP DESTROY of group ${fault.group + 1}`;
    case 'tcp':
      return `TCP ${fault.fault} on ${fault.wire}${fault.forMs > 0 ? ` for ${fault.forMs} ms` : ''}`;
  }
}
