import type { PendingChallenge } from '@viw/acme';
import type { Db } from '@viw/database';
import {
  createDatabase,
  ListenerAnswerRepository,
  ListenerCertificateRepository,
  migrate,
} from '@viw/database';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { Validations } from '../src/listener-certificate/validations';

const NAME = 'api.viw.example';
const id = 'a'.repeat(64);
const challenge = (keyAuthorization: string): PendingChallenge => ({
  type: 'tls-alpn-01',
  identifier: { type: 'dns', value: NAME },
  wildcard: false,
  token: 'token',
  keyAuthorization,
});

let db: Db;
let certificates: ListenerCertificateRepository;
let answers: ListenerAnswerRepository;
let backends: Validations[];
beforeAll(async () => {
  db = createDatabase({ url: (await uniqueDatabase()).url, applicationName: 'test', max: 2 });
  await migrate(db);
  certificates = new ListenerCertificateRepository({ db });
  answers = new ListenerAnswerRepository({ certificateId: id }, { db });
  await certificates.use(id, [NAME]);
  backends = [0, 1].map(() => new Validations({ names: [NAME] }, { answers }));
  await Promise.all(backends.map((each) => each.start()));
});
afterAll(async () => {
  await Promise.all((backends ?? []).map((each) => each.stop()));
  await db?.destroy();
});

/** As after a lease that has run out. */
async function claimed(): Promise<number> {
  await sql`UPDATE viw.listener_certificates SET lease_until = NULL, next_attempt_at = NULL`.execute(db);
  return (await certificates.claim(id, 30))?.fencing ?? 0;
}
const solverOf = (backend: number, fencing: number) => (backends[backend] as Validations).solver(fencing);

it('the loser of a claim leaves the answer for whoever goes on with the order', async () => {
  const loser = await solverOf(0, await claimed());
  await loser.present(challenge('of the order'));
  const fencing = await claimed();
  await loser.cleanup(challenge('of the order'));
  expect(await answers.find(NAME)).toBe('of the order');

  const successor = await solverOf(1, fencing);
  await successor.present(challenge('of the order'));
  await successor.cleanup(challenge('of the order'));
  expect(await answers.find(NAME)).toBe('of the order');
});

it('the loser of a claim puts nothing in the place of the answer of another order', async () => {
  const loser = await solverOf(0, await claimed());
  const successor = await solverOf(1, await claimed());
  await successor.present(challenge('of the next order'));
  await expect(loser.present(challenge('of the former one'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await loser.cleanup(challenge('of the former one'));
  await successor.cleanup(challenge('of the next order'));
  expect(await answers.find(NAME)).toBe('of the next order');
});

it.each([
  [
    'the certificate',
    (fencing: number) =>
      certificates.save(id, fencing, {
        pem: 'certificate',
        sealed: {},
        notAfter: new Date(Date.now() + 1_000_000),
        renewAt: new Date(),
      }),
  ],
  [
    'a failure',
    (fencing: number) => certificates.fail(id, fencing, { code: 'ACME_REFUSED', detail: 'no' }, new Date()),
  ],
])('answers end with %s, which only the holder of the claim can bring', async (_, end) => {
  const former = await claimed();
  const fencing = await claimed();
  const solver = await solverOf(1, fencing);
  await solver.present(challenge('of the last order'));
  await solver.cleanup(challenge('of the last order'));
  expect(await end(former)).toBe(false);
  expect(await answers.find(NAME)).toBe('of the last order');
  expect(await end(fencing)).toBe(true);
  expect(await answers.find(NAME)).toBeUndefined();
});
