import type { GatewaySummary } from '@viw/contracts';

export const sortKeys = ['state', 'name', 'version', 'sessions', 'cpu', 'mem', 'load', 'seen'] as const;
export type SortKey = (typeof sortKeys)[number];
export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** What needs a person first stands first. */
const stateRank: Record<GatewaySummary['state'], number> = {
  lost: 0,
  offline: 1,
  discovered: 2,
  expected: 3,
  connected: 4,
  decommissioned: 5,
};

/** The last figures of a gateway that is away are shown, but rank with the missing ones. */
const live = (gateway: GatewaySummary, value: number | null): number | null =>
  gateway.state === 'connected' || gateway.state === 'discovered' ? value : null;

const valueOf: Record<SortKey, (gateway: GatewaySummary) => number | string | null> = {
  state: (gateway) => stateRank[gateway.state],
  name: (gateway) => gateway.display_name ?? gateway.agent_id,
  version: (gateway) => gateway.version,
  sessions: (gateway) => live(gateway, gateway.sessions),
  cpu: (gateway) => live(gateway, gateway.cpu_pct),
  mem: (gateway) => live(gateway, gateway.mem_used_pct),
  load: (gateway) => live(gateway, gateway.load_1),
  seen: (gateway) => gateway.last_seen_at,
};

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Missing values stand last in either direction; ties are broken by agent id, so that equal rows never swap. */
export const compareGateways =
  ({ key, descending }: Sort) =>
  (a: GatewaySummary, b: GatewaySummary): number => {
    const left = valueOf[key](a);
    const right = valueOf[key](b);
    if (left === right) return collator.compare(a.agent_id, b.agent_id);
    if (left === null) return 1;
    if (right === null) return -1;
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : collator.compare(String(left), String(right)) || collator.compare(a.agent_id, b.agent_id);
    return descending ? -order : order;
  };

export interface Ordered<T> {
  readonly rows: readonly T[];
  /** The ids as shown; the next call's `previous`. */
  readonly ids: readonly string[];
  /** Frozen, and a fresh order would look different. */
  readonly outdated: boolean;
}

/**
 * Orders rows; while frozen, rows that were shown keep their places, new ones go to the end, vanished ones leave.
 */
export const orderRows = <T>(
  rows: readonly T[],
  idOf: (row: T) => string,
  compare: (a: T, b: T) => number,
  previous: readonly string[],
  frozen: boolean,
): Ordered<T> => {
  const sorted = [...rows].sort(compare);
  const sortedIds = sorted.map(idOf);
  if (!frozen) return { rows: sorted, ids: sortedIds, outdated: false };
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  const known = new Set(previous);
  const ids = [...previous.filter((id) => byId.has(id)), ...sortedIds.filter((id) => !known.has(id))];
  const kept = ids.flatMap((id) => byId.get(id) ?? []);
  return { rows: kept, ids, outdated: ids.some((id, at) => sortedIds[at] !== id) };
};

/** Replaces rows by id in place; unknown ids are ignored, untouched rows keep their identity. */
export const patchRows = <T>(
  rows: readonly T[],
  idOf: (row: T) => string,
  fresh: readonly T[],
): readonly T[] => {
  const byId = new Map(fresh.map((row) => [idOf(row), row]));
  if (!rows.some((row) => byId.has(idOf(row)))) return rows;
  return rows.map((row) => byId.get(idOf(row)) ?? row);
};
