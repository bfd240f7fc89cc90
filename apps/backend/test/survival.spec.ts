import type { Client } from '@viw/client';
import { sql } from 'kysely';
import { SurvivalService } from '../src/services/survival-service';
import type { Repositories } from '../src/store';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let viewer: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  viewer = await backend.as('viewer');
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

/** So many certificates of 90 days, spread through their life; each has a plan as the scheduler makes it. */
async function addFleet(size: number, domain: string): Promise<void> {
  await sql`
    WITH made AS (
      INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, state, created_by)
      SELECT gen_random_uuid(), ARRAY['n' || n || ${domain}], 'acme', 'http-01', 'ec-p256', 'active', n::text
      FROM generate_series(1, ${size}) AS n RETURNING id, names, created_by::int AS n
    ), versions AS (
      INSERT INTO viw.certificate_versions (id, certificate_id, cert_pem, chain_pem, private_key_sealed, serial,
        fingerprint_sha256, issuer, names, not_before, not_after)
      SELECT id, id, '', '', '{}', n || ${domain}, n || ${domain}, 'CN=test', names,
        now() - interval '58 days' * n / ${size}, now() - interval '58 days' * n / ${size} + interval '90 days'
      FROM made RETURNING id, not_after
    )
    INSERT INTO viw.renewal_plans (certificate_id, version_id, due_at, reason, jitter, look_again_at)
    SELECT id, id, not_after - interval '30 days', 'lifetime', 0.5, now() FROM versions`.execute(
    around.owner,
  );
  await sql`UPDATE viw.certificates SET current_version_id = id WHERE names[1] LIKE ${`%${domain}`}`.execute(
    around.owner,
  );
}
const scenarios = async (query: Parameters<Client['certificates']['survival']>[0], client = viewer) =>
  Object.fromEntries((await client.certificates.survival(query)).scenarios.map((each) => [each.name, each]));

test('a fleet without certificates survives everything', async () => {
  await expect(viewer.certificates.survival()).resolves.toMatchObject({
    ...{ certificates: 0, survives: true, outcome: 'There is no certificate in service.' },
  });
});

test('of 90 days a fleet outlives an outage of 25 days and not one of 35; of 6 days one of two days and not of four', async () => {
  await addFleet(300, '.fleet.example');
  await expect(viewer.certificates.survival({ ca_outage_days: 25 })).resolves.toMatchObject({
    ...{ certificates: 300, survives: true, durations: null, life_days: null },
    outcome: '300 certificates with the lives they have and an outage of the CA of 25 days: all survive.',
  });
  const long = await viewer.certificates.survival({ ca_outage_days: 35 });
  expect(long).toMatchObject({ survives: false });
  const { no_outage, outage_now, outage_at_worst_moment: worst } = await scenarios({ ca_outage_days: 35 });
  expect(no_outage).toMatchObject({
    expired: 0,
    outage: null,
    outcome: expect.stringMatching(/^Without an outage no/) as unknown,
  });
  expect(outage_now?.expired).toBeGreaterThan(0);
  expect(worst?.expired).toBeGreaterThanOrEqual(outage_now?.expired ?? Infinity);
  expect(outage_now?.first_expired[0]?.names[0]).toMatch(/\.fleet\.example$/);
  for (const [ca_outage_days, survives] of [
    [2, true],
    [4, false],
  ] as const)
    await expect(viewer.certificates.survival({ life_days: 6, ca_outage_days })).resolves.toMatchObject({
      ...{ survives, same_names_per_week: 3 },
    });
});

test('what nobody tries again ends; a narrowed caller is told of its own', async () => {
  await addFleet(2, '.mine.example');
  await sql`INSERT INTO viw.certificate_operations (id, certificate_id, kind, issued_by_kind, issued_by_id, issued_by_name)
    SELECT gen_random_uuid(), id, 'renew', 'system', 's', 's' FROM viw.certificates WHERE names[1] = 'n1.mine.example'`.execute(
    around.owner,
  );
  await sql`INSERT INTO viw.certificate_failures (certificate_id, operation_id, next_kind, attempts, code, went_wrong, viw_does)
    SELECT certificate_id, id, 'renew', 3, 'ACME_REFUSED', 'caa', 'nothing' FROM viw.certificate_operations
    WHERE certificate_id = (SELECT id FROM viw.certificates WHERE names[1] = 'n1.mine.example')`.execute(
    around.owner,
  );
  const narrowed = await backend.as('viewer', { certificates: { domains: ['mine.example'] } });
  const report = await narrowed.certificates.survival({ ca_outage_days: 0 });
  expect(report).toMatchObject({ certificates: 2, stopped: 1, survives: false });
  expect(report.scenarios).toMatchObject([{ expired: 1, first_expired: [{ names: ['n1.mine.example'] }] }]);
  expect(report.outcome).toMatch(/1 of them nobody tries to renew/);
  const none = await backend.as('viewer', { gateways: 'all' });
  await expect(none.certificates.survival()).resolves.toMatchObject({ certificates: 0 });
});

test('ten thousand certificates are answered', async () => {
  await addFleet(9_900, '.many.example');
  const asked = viewer.certificates.survival({ life_days: 6, ca_outage_days: 60 });
  await viewer.session.me();
  await expect(asked).resolves.toMatchObject({ certificates: 10_000, left_out: 202, survives: false });
});

test('others get their turn between two scenarios', async () => {
  const [from, to] = [-10, 80].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  const one = {
    id: 'a',
    names: [],
    not_before: from!,
    not_after: to!,
    due_at: null,
    jitter: 0,
    failed: null,
  };
  // At hand without waiting: every turn of the event loop is one that the reckoning gives away.
  const scheduled = () => Promise.resolve({ certificates: [one], total: 1 });
  const fleet = { scheduled, durations: () => Promise.resolve(null) } as unknown as Repositories['fleet'];
  let turns = 0;
  let turn = setImmediate(function count() {
    turns += 1;
    turn = setImmediate(count);
  });
  const asked = { life_days: undefined, ca_outage_days: 60, orders_per_ten_minutes: 100 };
  const { scenarios } = await new SurvivalService({ repositories: { fleet } }).report(asked, undefined);
  clearImmediate(turn);
  expect(turns).toBeGreaterThanOrEqual(scenarios.length);
  expect(scenarios).toHaveLength(3);
});
