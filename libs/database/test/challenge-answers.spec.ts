import { sql } from 'kysely';
import { ChallengeAnswerRepository } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
let http: ChallengeAnswerRepository;
let tls: ChallengeAnswerRepository;
beforeAll(async () => {
  f = await fixture();
  const db = await f.as('viw_cert_worker');
  http = new ChallengeAnswerRepository({ type: 'http-01' }, { db });
  tls = new ChallengeAnswerRepository({ type: 'tls-alpn-01' }, { db });
});
afterAll(() => f.close());

test('an answer is found by any worker, under its own type, and belongs to who presented it last', async () => {
  await http.put('token', 'token.a', 'worker-1');
  expect(await http.find('token')).toBe('token.a');
  expect(await tls.find('token')).toBeUndefined();
  await http.put('token', 'token.a', 'worker-2');
  // The first wakes up and cleans up.
  await http.remove('token', 'token.a', 'worker-1');
  expect(await http.find('token')).toBe('token.a');
  await http.remove('token', 'token.a', 'worker-2');
  expect(await http.find('token')).toBeUndefined();
});

test('what a dead worker has left answers nothing after its time, and goes with the next clean-up', async () => {
  await tls.put('www.example.org', 'token.b', 'dead');
  await sql`UPDATE viw.challenge_answers SET expires_at = now() - interval '1 second'`.execute(f.db);
  expect(await tls.find('www.example.org')).toBeUndefined();
  await http.remove('another', 'another.a', 'worker-1');
  expect((await sql`SELECT 1 FROM viw.challenge_answers`.execute(f.db)).rows).toEqual([]);
});

test('a name is answered for one order at a time, and none takes away what is not its own', async () => {
  const name = 'shared.example.org';
  expect(await tls.put(name, 'one.a', 'worker-1')).toBe(true);
  expect(await tls.put(name, 'two.a', 'worker-2')).toBe(false);
  expect(await tls.put(name, 'two.a', 'worker-1')).toBe(false);
  // The one that waits gives up, on either worker.
  await tls.remove(name, 'two.a', 'worker-2');
  await tls.remove(name, 'two.a', 'worker-1');
  expect(await tls.find(name)).toBe('one.a');
  await tls.remove(name, 'one.a', 'worker-1');
  expect(await tls.put(name, 'two.a', 'worker-2')).toBe(true);
  await sql`UPDATE viw.challenge_answers SET expires_at = now() - interval '1 second'`.execute(f.db);
  expect(await tls.put(name, 'three.a', 'worker-1')).toBe(true);
  expect(await tls.find(name)).toBe('three.a');
});
