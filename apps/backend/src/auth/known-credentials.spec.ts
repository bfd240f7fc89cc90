import type { UsableApiKey } from '@viw/database';
import { KnownCredentials } from './known-credentials';

const key = (id: string): UsableApiKey => ({
  id,
  secret_hash: 'hash',
  client_id: 'client',
  client_name: 'script',
  role: 'viewer',
  scope: null,
});

function surroundings() {
  const usable = new Map([['a', key('a')]]);
  const asked: string[] = [];
  const touched: string[] = [];
  let now = 1_000_000;
  const known = new KnownCredentials({
    find: async (id) => {
      asked.push(id);
      return usable.get(id);
    },
    touch: async (id) => void touched.push(id),
    clock: { now: () => now },
  });
  return { known, usable, asked, touched, pass: (ms: number) => (now += ms) };
}

test('a key is looked up once a second, and a revoked one is not believed for longer', async () => {
  const { known, usable, asked, pass } = surroundings();
  for (let n = 0; n < 5; n++) expect((await known.find('a'))?.role).toBe('viewer');
  expect(asked).toEqual(['a']);
  usable.delete('a');
  pass(999);
  expect(await known.find('a')).toBeDefined();
  pass(1);
  expect(await known.find('a')).toBeUndefined();
  expect(await known.find('a')).toBeUndefined();
  expect(asked).toEqual(['a', 'a', 'a']);
});

test('a clock that goes back does not prolong belief', async () => {
  const { known, usable, pass } = surroundings();
  await known.find('a');
  usable.delete('a');
  pass(-3_600_000);
  expect(await known.find('a')).toBeUndefined();
});

test('use is noted by the minute', async () => {
  const { known, touched, pass } = surroundings();
  await known.noteUse('a');
  pass(59_999);
  await known.noteUse('a');
  expect(touched).toEqual(['a']);
  pass(1);
  await known.noteUse('a');
  expect(touched).toEqual(['a', 'a']);
});
