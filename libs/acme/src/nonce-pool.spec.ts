import { NoncePool } from './nonce-pool';

it('hands each out once, the newest first, and keeps a bounded number', () => {
  const pool = new NoncePool(() => 0);
  for (let n = 1; n <= 20; n++) pool.put(`n${n}`);
  const taken = Array.from({ length: 20 }, () => pool.take());
  expect(taken.slice(0, 3)).toEqual(['n20', 'n19', 'n18']);
  expect(taken.filter((nonce) => nonce !== undefined)).toHaveLength(16);
});

it('forgets old ones, all of them at a refusal, and takes nothing that is none', () => {
  let now = 0;
  const pool = new NoncePool(() => now);
  pool.put('old');
  now = 61_000;
  expect(pool.take()).toBeUndefined();
  pool.put('fresh');
  pool.clear();
  for (const bad of [undefined, '', 'a b', 'x'.repeat(513), ['n']]) pool.put(bad);
  expect(pool.take()).toBeUndefined();
});
