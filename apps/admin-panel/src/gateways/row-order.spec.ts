import type { GatewaySummary } from '@viw/contracts';
import { freshness } from './freshness';
import { compareGateways, orderRows, patchRows } from './row-order';

const gateway = (agent_id: string, change: Partial<GatewaySummary> = {}): GatewaySummary => ({
  agent_id,
  display_name: null,
  site: null,
  labels: {},
  state: 'connected',
  version: null,
  last_seen_at: null,
  cpu_pct: null,
  mem_used_pct: null,
  load_1: null,
  sessions: null,
  ...change,
});
const idOf = (row: GatewaySummary) => row.agent_id;
const ids = (rows: readonly GatewaySummary[]) => rows.map(idOf);

describe('order of gateways', () => {
  it('puts what needs a person first, numbers in names in their natural order', () => {
    const rows = [
      gateway('gw-10'),
      gateway('gw-9'),
      gateway('gw-1', { state: 'offline' }),
      gateway('z', { state: 'lost' }),
    ];
    expect(ids([...rows].sort(compareGateways({ key: 'state', descending: false })))).toEqual([
      'z',
      'gw-1',
      'gw-9',
      'gw-10',
    ]);
  });

  it('keeps missing values last in both directions', () => {
    const rows = [gateway('a'), gateway('b', { cpu_pct: 5 }), gateway('c', { cpu_pct: 90 })];
    expect(ids([...rows].sort(compareGateways({ key: 'cpu', descending: true })))).toEqual(['c', 'b', 'a']);
    expect(ids([...rows].sort(compareGateways({ key: 'cpu', descending: false })))).toEqual(['b', 'c', 'a']);
  });

  it('does not let old figures of an absent gateway rank among live ones', () => {
    const rows = [gateway('a', { cpu_pct: 99, state: 'offline' }), gateway('b', { cpu_pct: 5 })];
    expect(ids([...rows].sort(compareGateways({ key: 'cpu', descending: true })))).toEqual(['b', 'a']);
  });

  it('holds places while frozen, says when the order is outdated, and lets go afterwards', () => {
    const compare = compareGateways({ key: 'cpu', descending: true });
    const before = orderRows(
      [gateway('a', { cpu_pct: 9 }), gateway('b', { cpu_pct: 5 })],
      idOf,
      compare,
      [],
      false,
    );
    expect(before.ids).toEqual(['a', 'b']);
    const rows = [gateway('a', { cpu_pct: 1 }), gateway('b', { cpu_pct: 5 }), gateway('c', { cpu_pct: 99 })];
    const held = orderRows(rows, idOf, compare, before.ids, true);
    expect(held).toMatchObject({ ids: ['a', 'b', 'c'], outdated: true });
    expect(held.rows[0]?.cpu_pct).toBe(1);
    expect(orderRows(rows, idOf, compare, held.ids, false)).toMatchObject({
      ids: ['c', 'b', 'a'],
      outdated: false,
    });
    expect(orderRows(rows.slice(1), idOf, compare, held.ids, true).ids).toEqual(['b', 'c']);
  });

  it('patches rows by id and leaves the others alone', () => {
    const rows = [gateway('a'), gateway('b')];
    const patched = patchRows(rows, idOf, [gateway('b', { cpu_pct: 7 }), gateway('unknown')]);
    expect(patched[0]).toBe(rows[0]);
    expect(patched[1]?.cpu_pct).toBe(7);
    expect(patchRows(rows, idOf, [gateway('unknown')])).toBe(rows);
  });
});

describe('freshness', () => {
  const at = (secondsAgo: number) =>
    gateway('a', { last_seen_at: new Date(1e12 - secondsAgo * 1e3).toISOString() });
  it.each([
    [30, 'fresh'],
    [80, 'aging'],
    [170, 'unknown'],
  ])('%d s without a report is %s', (ago, expected) => expect(freshness(at(ago), 1e12)).toBe(expected));

  it('does not doubt what the control plane itself decided', () => {
    expect(freshness(gateway('a', { state: 'offline', last_seen_at: '2020-01-01T00:00:00Z' }), 1e12)).toBe(
      'fresh',
    );
  });
});
