import { eventually, uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { LockSessions, createDatabase, type Db } from '../src/index';
import { lockClient } from '../src/lock-client';

const key = 2 ** 49 + 7;
let url: string;
let db: Db;
const all: LockSessions[] = [];
beforeAll(async () => {
  ({ url } = await uniqueDatabase());
  db = createDatabase({ url, applicationName: 'test', max: 2 });
});
afterEach(() => {
  for (const locks of all.splice(0)) locks.stop();
});
afterAll(() => db.destroy());

function sessions(idleMs?: number): LockSessions {
  const locks = new LockSessions({ url, applicationName: 'locks', ...(idleMs !== undefined && { idleMs }) });
  all.push(locks);
  return locks;
}

const pids = async (): Promise<number[]> => {
  const { rows } = await sql<{ pid: number }>`SELECT pid FROM pg_stat_activity
    WHERE application_name = 'locks' AND datname = current_database()`.execute(db);
  return rows.map(({ pid }) => pid);
};
const terminate = (): Promise<unknown> =>
  sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'locks' AND datname = current_database()`.execute(db);

it('is held by one at a time, free again afterwards, and keeps its session for the next', async () => {
  const [one, other] = [sessions(), sessions()];
  const inside = await one.run(key, async () => ({
    other: await other.run(key, () => Promise.reject(new Error('not alone'))),
    same: await one.run(key, () => Promise.reject(new Error('not alone'))),
    another: await one.run(key + 1, () => Promise.resolve('beside it')),
  }));
  expect(inside).toEqual({ result: { other: undefined, same: undefined, another: { result: 'beside it' } } });
  const before = (await pids()).toSorted();
  // Two of the one, one of the other.
  expect(before).toHaveLength(3);
  const signals = new Set<AbortSignal>();
  for (let round = 0; round < 5; round++)
    expect(await one.run(key, (lost) => Promise.resolve(signals.add(lost) && round))).toEqual({
      result: round,
    });
  // What listens to one time does not pile up at the session.
  expect(signals.size).toBe(5);
  expect((await pids()).toSorted()).toEqual(before);
});

it('is free after a failure of the work', async () => {
  const locks = sessions();
  await expect(locks.run(key, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  expect(await sessions().run(key, () => Promise.resolve(1))).toEqual({ result: 1 });
});

it('tells the work when its session breaks, and uses no broken session again', async () => {
  const locks = sessions();
  await locks.run(key, async (lost) => {
    await terminate();
    await eventually(() => expect(lost.aborted).toBe(true));
    // Somebody else may have it from now on, as soon as Postgres has done with the session that it has ended.
    const other = sessions();
    await eventually(async () =>
      expect(await other.run(key, () => Promise.resolve('taken'))).toEqual({ result: 'taken' }),
    );
  });
  await locks.run(key, () => Promise.resolve());
  await terminate();
  await eventually(async () => expect(await pids()).toEqual([]));
  expect(await locks.run(key, () => Promise.resolve('anew'))).toEqual({ result: 'anew' });
});

it('is not kept for long by a host that has vanished', async () => {
  const client = lockClient({ url, applicationName: 'vanishes' });
  await client.connect();
  const { rows } = await client.query<{ setting: string }>(
    "SELECT setting FROM pg_settings WHERE name LIKE 'tcp_keepalives%' ORDER BY name",
  );
  await client.end();
  expect(rows.map(({ setting }) => setting)).toEqual(['3', '10', '5']);
});

it('closes sessions that nobody needs, and all at its stop', async () => {
  const locks = sessions(100);
  await locks.run(key, () => Promise.resolve());
  await eventually(async () => expect(await pids()).toEqual([]));
  const held = sessions();
  await held.run(key, async () => held.stop());
  await eventually(async () => expect(await pids()).toEqual([]));
});
