import type { LoggedChanges } from './replay-buffer';
import { ReplayBuffer } from './replay-buffer';

const change = (n: number): LoggedChanges => ({
  id: `${n}-0`,
  changes: [{ kind: 'gateway', id: `gw-${n}` }],
});
const ids = (changes: readonly LoggedChanges[] | undefined): string[] | undefined =>
  changes?.map(({ id }) => id);

describe('ReplayBuffer', () => {
  it('knows what came after an id it has seen', () => {
    const log = new ReplayBuffer([change(5), change(6)]);
    log.push(change(7));
    expect(ids(log.after('5-0'))).toEqual(['6-0', '7-0']);
    expect(ids(log.after('7-0'))).toEqual([]);
    expect(log.position).toBe('7-0');
  });

  it('says so when it cannot know: older than what it has, or newer', () => {
    const log = new ReplayBuffer([change(5)]);
    expect(log.after('4-0')).toBeUndefined();
    expect(log.after('6-0')).toBeUndefined();
  });

  it('an empty stream has nothing to miss', () => {
    expect(ids(new ReplayBuffer([]).after('0-0'))).toEqual([]);
  });

  it('after missed changes nothing from before can be resumed', () => {
    const log = new ReplayBuffer([change(5)]);
    log.restart('5-0');
    expect(log.after('5-0')).toBeUndefined();
    log.push(change(9));
    expect(log.after('5-0')).toBeUndefined();
    expect(ids(log.after('9-0'))).toEqual([]);
  });

  it('keeps a bounded number', () => {
    const log = new ReplayBuffer([], { capacity: 10 });
    for (let n = 1; n <= 100; n++) log.push(change(n));
    expect(log.after('50-0')).toBeUndefined();
    expect(ids(log.after('95-0'))).toHaveLength(5);
  });

  it('bounds the changes, not the entries', () => {
    const log = new ReplayBuffer([], { capacity: 10 });
    const many = Array.from({ length: 8 }, (_, n) => ({ kind: 'gateway' as const, id: `gw-${n}` }));
    for (let n = 1; n <= 9; n++) log.push({ id: `${n}-0`, changes: many });
    expect(log.after('6-0')).toBeUndefined();
    expect(ids(log.after('7-0'))).toEqual(['8-0', '9-0']);
  });
});
