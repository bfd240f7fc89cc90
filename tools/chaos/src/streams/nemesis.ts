import type { Server } from '@viw/testing';
import type { SupervisedProgram } from '../world/supervised-program';
import type { FaultProxy } from '../faults/fault-proxy';
import { crash } from '../faults/crash';
import { carryOut } from '../faults/lanes';
import type { Fault, ScheduledFault, Wire } from './schedule';
import { describeFault } from './schedule';

export interface Targets {
  readonly writers: readonly Pick<SupervisedProgram, 'kill' | 'freeze'>[];
  readonly redis: Pick<Server, 'kill' | 'restart'>;
  readonly postgres: Pick<Server, 'kill' | 'restart'>;
  readonly wires: Readonly<Record<Wire, FaultProxy>>;
  readonly destroyGroup: (index: number) => Promise<void>;
}

/** Faults of one target wait for each other; those of different targets overlap. */
function laneOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill-writer':
    case 'freeze-writer':
      return `writer ${fault.writer}`;
    case 'tcp':
      return fault.wire;
    case 'crash-redis':
    case 'destroy-group':
      return 'redis';
    case 'crash-postgres':
      return 'postgres';
  }
}

/** Carries a schedule out; resolves when the last fault is over and everything is whole again. */
export const unleash = (
  schedule: readonly ScheduledFault[],
  targets: Targets,
  { say }: { say: (line: string) => void },
): Promise<void> =>
  carryOut(schedule, {
    laneOf,
    inflict: (fault) => inflict(fault, targets),
    begun: (fault, atMs) => say(`${(atMs / 1_000).toFixed(1).padStart(6)} s  ${describeFault(fault)}`),
  });

async function inflict(fault: Fault, targets: Targets): Promise<void> {
  switch (fault.kind) {
    case 'kill-writer':
      return void (await targets.writers[fault.writer]?.kill());
    case 'freeze-writer':
      return targets.writers[fault.writer]?.freeze(fault.forMs);
    case 'crash-redis':
      return crash(targets.redis, fault.forMs);
    case 'crash-postgres':
      return crash(targets.postgres, fault.forMs);
    case 'destroy-group':
      return targets.destroyGroup(fault.group);
    case 'tcp':
      return targets.wires[fault.wire].inflict(fault.fault, fault.forMs);
  }
}
