import { isChallengeWait, type PendingChallenge } from '@viw/acme';
import {
  CertificateRepository,
  ManualRecordRepository,
  OperationRepository,
  createDatabase,
  migrate,
  type Db,
} from '@viw/database';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { ManualSolver } from '../src/issue/dns/manual-solver';
import { ManualWatch } from '../src/issue/dns/manual-watch';

let db: Db;
beforeAll(async () => {
  const { url } = await uniqueDatabase();
  db = createDatabase({ url, applicationName: 'test' });
  await migrate(db);
});
afterAll(() => db.destroy());

const challenge = {
  type: 'dns-01',
  identifier: { type: 'dns', value: 'hand.example' },
  token: 'token',
  keyAuthorization: 'token.thumbprint',
} as PendingChallenge;

const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );

async function stage() {
  const certificate_id = await new CertificateRepository({ db }).create({
    names: ['hand.example'],
    issuer: 'acme',
    challenge: 'dns-01',
    key_type: 'ec-p256',
    created_by: 'test',
  });
  const issued_by = { kind: 'system', id: 'test', name: 'test' } as const;
  const id = await new OperationRepository({ db }).create({ certificate_id, kind: 'issue', issued_by });
  const records = new ManualRecordRepository({ db });
  /** What the only authoritative server of the zone shows. */
  const zone = new Set<string>();
  const authorities = {
    follow: (name: string) => Promise.resolve(name),
    txtEverywhere: () => Promise.resolve([{ server: '192.0.2.1', values: [...zone] }]),
  };
  const state = async () => {
    const { rows } = await sql<{ state: string; left: number; value: string }>`
      SELECT state, extract(epoch FROM expires_at - now())::float8 AS left, value FROM viw.manual_records
      WHERE operation_id = ${id}`.execute(db);
    return rows[0]!;
  };
  return {
    id,
    zone,
    state,
    solver: new ManualSolver({ operationId: id, waitS: 3_600 }, { records, authorities }),
    watch: new ManualWatch({ records, authorities, changes: { announce: () => undefined } }),
    lastsYet: (seconds: number) =>
      sql`UPDATE viw.manual_records SET expires_at = now() + make_interval(secs => ${seconds})
        WHERE operation_id = ${id}`.execute(db),
  };
}

test('a record that had served its purpose and was removed since is waited for again, with all the time there is', async () => {
  const { zone, state, solver, watch, lastsYet } = await stage();
  expect(isChallengeWait(await failureOf(solver.present(challenge)))).toBe(true);
  zone.add((await state()).value);
  await watch.run();
  await solver.present(challenge);
  await solver.cleanup(challenge);
  expect((await state()).state).toBe('done');
  await lastsYet(-60);

  // Still there: nobody has to do anything.
  await solver.present(challenge);
  expect((await state()).state).toBe('shown');
  await solver.cleanup(challenge);

  zone.clear();
  expect(isChallengeWait(await failureOf(solver.present(challenge)))).toBe(true);
  const again = await state();
  expect(again.state).toBe('waiting');
  expect(again.left).toBeGreaterThan(3_000);
  // It is looked at again, too.
  zone.add(again.value);
  await watch.run();
  expect((await state()).state).toBe('shown');
});

test('asking again gives nobody more time', async () => {
  const { state, solver, lastsYet } = await stage();
  expect(isChallengeWait(await failureOf(solver.present(challenge)))).toBe(true);
  await lastsYet(600);
  expect(isChallengeWait(await failureOf(solver.present(challenge)))).toBe(true);
  expect((await state()).left).toBeLessThanOrEqual(600);
  await lastsYet(0);
  await expect(solver.present(challenge)).rejects.toMatchObject({ code: 'ACME_REFUSED' });
});
