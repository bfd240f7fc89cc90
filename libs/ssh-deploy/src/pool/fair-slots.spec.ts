import { FairSlots } from './fair-slots';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work that ends when it is told to. */
function gated(slots: FairSlots, log: string[]) {
  const gates: (() => void)[] = [];
  return {
    add: (key: string, signal?: AbortSignal) =>
      slots.run(
        key,
        async () => {
          log.push(key);
          await new Promise<void>((resolve) => gates.push(resolve));
        },
        signal,
      ),
    endOne: async () => {
      gates.shift()?.();
      await turn();
    },
  };
}

it('gives every key its turn, however many wait for one', async () => {
  const log: string[] = [];
  const work = gated(new FairSlots({ perKey: 2, total: 2 }), log);
  const all = ['a', 'a', 'a', 'a', 'a', 'b', 'c'].map((key) => work.add(key));
  await turn();
  for (let ended = 0; ended < 7; ended++) await work.endOne();
  await Promise.all(all);
  expect(log.slice(0, 5).toSorted()).toEqual(['a', 'a', 'a', 'b', 'c']);
});

it('keeps to both bounds', async () => {
  const log: string[] = [];
  const work = gated(new FairSlots({ perKey: 2, total: 3 }), log);
  const all = ['a', 'a', 'a', 'b', 'b'].map((key) => work.add(key));
  await turn();
  expect(log).toEqual(['a', 'a', 'b']);
  for (let ended = 0; ended < 5; ended++) await work.endOne();
  await Promise.all(all);
});

it('lets those go who no longer want to wait, and frees a slot after a failure', async () => {
  const slots = new FairSlots({ perKey: 1, total: 1 });
  const log: string[] = [];
  const work = gated(slots, log);
  const first = work.add('a');
  const stop = new AbortController();
  const second = work.add('a', stop.signal);
  stop.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  await work.endOne();
  await first;
  await expect(slots.run('a', () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  await expect(slots.run('a', async () => 'free')).resolves.toBe('free');
  expect(log).toEqual(['a']);
});
