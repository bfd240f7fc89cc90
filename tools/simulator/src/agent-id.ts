/** Of the n-th agent of a fleet. */
export const agentIdOf = (prefix: string, n: number): string => `${prefix}-${String(n).padStart(5, '0')}`;

/** A part of a fleet: its agents from number `first` on. */
export interface FleetRange {
  readonly prefix: string;
  readonly first: number;
  readonly agents: number;
}

export const agentIdsOf = ({ prefix, first, agents }: FleetRange): string[] =>
  Array.from({ length: agents }, (_, i) => agentIdOf(prefix, first + i));
