import { NonceMemory } from './nonce-memory';
import type { NonceStore } from './nonce-memory';

class MapStore implements NonceStore {
  readonly known = new Set<string>();
  asked = 0;
  async claim(agentId: string, nonce: string): Promise<boolean> {
    this.asked += 1;
    const key = `${agentId} ${nonce}`;
    if (this.known.has(key)) return false;
    this.known.add(key);
    return true;
  }
}

const make = (options: { ttlMs?: number; maxEntries?: number } = {}) => {
  const clock = { time: 1_000, now: () => clock.time };
  const store = new MapStore();
  return { clock, store, memory: new NonceMemory(options, { store, clock }) };
};

it('lets a nonce in once per agent', async () => {
  const { memory, store } = make();
  expect(await memory.claim('a', 'n1')).toBe(true);
  expect(await memory.claim('a', 'n1')).toBe(false);
  expect(store.asked).toBe(1);
  expect(await memory.claim('b', 'n1')).toBe(true);
});

it('lets one of two claims at the same moment in', async () => {
  const { memory } = make();
  const claims = await Promise.all([memory.claim('a', 'n'), memory.claim('a', 'n')]);
  expect(claims.filter(Boolean)).toHaveLength(1);
});

it('believes the store about nonces used at other hubs', async () => {
  const { memory, store } = make();
  await store.claim('a', 'n');
  expect(await memory.claim('a', 'n')).toBe(false);
});

it('stays within its size, and what it dropped is still refused by the store', async () => {
  const { memory } = make({ maxEntries: 3 });
  for (const nonce of ['n1', 'n2', 'n3', 'n4', 'n5']) await memory.claim('a', nonce);
  expect(memory.size).toBeLessThanOrEqual(3);
  expect(await memory.claim('a', 'n1')).toBe(false);
});

it('drops what is too old', async () => {
  const { memory, clock, store } = make({ ttlMs: 100 });
  await memory.claim('a', 'n1');
  clock.time += 100;
  store.known.clear();
  expect(await memory.claim('a', 'n2')).toBe(true);
  expect(memory.size).toBe(1);
});

it('fails when the store fails', async () => {
  const store: NonceStore = { claim: () => Promise.reject(new Error('store away')) };
  await expect(new NonceMemory({}, { store }).claim('a', 'n')).rejects.toThrow('store away');
});
