import { ApiClientRepository, type Db } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
let db: Db;
beforeAll(async () => {
  f = await fixture();
  db = await f.as('viw_backend');
});
afterAll(() => f.close());

test('pages lead through every row once, newest first, also when rows come and go between them', async () => {
  const clients = new ApiClientRepository({ db });
  const made: string[] = [];
  for (let n = 0; n < 5; n++)
    made.unshift((await clients.create({ name: `client-${n}`, role: 'viewer' })).id);

  const first = await clients.list({ limit: 2 });
  expect(first.items.map(({ id }) => id)).toEqual(made.slice(0, 2));
  await clients.create({ name: 'client-late', role: 'viewer' });
  await clients.delete(made[1] ?? '');
  const second = await clients.list({ limit: 2, cursor: first.next_cursor ?? '' });
  expect(second.items.map(({ id }) => id)).toEqual(made.slice(2, 4));
  const last = await clients.list({ limit: 2, cursor: second.next_cursor ?? '' });
  expect([last.items.map(({ id }) => id), last.next_cursor]).toEqual([made.slice(4), null]);
  await expect(clients.list({ cursor: 'bm8' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});
