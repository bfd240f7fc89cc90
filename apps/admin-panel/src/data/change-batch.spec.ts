import { ChangeBatcher, type Batch } from './change-batch';

describe('ChangeBatcher', () => {
  it('hands each id over once per period, with its parents', async () => {
    const batches: Batch[] = [];
    const first = await new Promise<Batch>((resolve) => {
      const batcher = new ChangeBatcher(
        { periodMs: 5 },
        { deliver: (batch) => (batches.push(batch), resolve(batch)) },
      );
      for (let n = 0; n < 200; n += 1) batcher.add({ kind: 'gateway', id: `gw-${n % 3}` });
      batcher.add({ kind: 'command', id: 'c1', parent_id: 'gw-1' });
    });
    expect(batches).toHaveLength(1);
    expect([...(first.ids.get('gateway') ?? [])]).toEqual(['gw-0', 'gw-1', 'gw-2']);
    expect([...(first.parents.get('command') ?? [])]).toEqual(['gw-1']);
  });

  it('forgets what waits when stopped', async () => {
    const kinds: unknown[] = [];
    await new Promise<void>((resolve) => {
      const batcher = new ChangeBatcher(
        { periodMs: 1 },
        { deliver: (batch) => (kinds.push([...batch.ids.keys()]), resolve()) },
      );
      batcher.add({ kind: 'gateway', id: 'lost' });
      batcher.stop();
      batcher.add({ kind: 'server', id: 's1' });
    });
    expect(kinds).toEqual([['server']]);
  });
});
