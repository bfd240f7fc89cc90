import { sql } from 'kysely';
import type { Db, ServiceRole } from '../src/index';
import { createServiceLogin, serviceRoles } from '../src/index';
import type { Fixture } from './fixture';
import { fixture } from './fixture';

let f: Fixture;
const accounts = {} as Record<ServiceRole, Db>;
beforeAll(async () => {
  f = await fixture();
  for (const role of serviceRoles) accounts[role] = await f.as(role);
});
afterAll(() => f.close());

const refused: [ServiceRole, string][] = [
  ['viw_telemetry_writer', 'SELECT * FROM viw.ssh_credentials'],
  ['viw_telemetry_writer', 'SELECT jws FROM viw.agent_commands'],
  ['viw_telemetry_writer', 'SELECT * FROM viw.gateway_credentials'],
  ['viw_telemetry_writer', `UPDATE viw.os_gateways SET display_name = 'x'`],
  ['viw_telemetry_writer', `UPDATE viw.os_gateways SET labels = '{}'`],
  ['viw_telemetry_writer', 'DELETE FROM viw.os_gateway_points'],
  [
    'viw_telemetry_writer',
    'INSERT INTO viw.outbox (stream, event_id, v, body) SELECT NULL, NULL, NULL, NULL',
  ],
  ['viw_results_writer', 'SELECT * FROM viw.ssh_credentials'],
  ['viw_results_writer', 'SELECT certificate_sha256 FROM viw.gateway_credentials'],
  ['viw_results_writer', 'UPDATE viw.gateway_credentials SET active = true'],
  ['viw_results_writer', 'SELECT sealed FROM viw.command_keys'],
  ['viw_cert_worker', 'SELECT sealed FROM viw.command_keys'],
  ['viw_backend', 'DELETE FROM viw.command_keys'],
  ['viw_results_writer', 'SELECT jws FROM viw.agent_commands'],
  ['viw_results_writer', 'DELETE FROM viw.agent_command_results'],
  ['viw_results_writer', `UPDATE viw.agent_command_results SET stdout = ''`],
  ['viw_results_writer', `UPDATE viw.agent_commands SET jws = ''`],
  ['viw_results_writer', 'SELECT viw.drop_point_partitions(1)'],
  ['viw_cert_worker', 'SELECT password_hash FROM viw.administrators'],
  ['viw_cert_worker', 'SELECT secret_hash FROM viw.api_keys'],
  ['viw_cert_worker', 'SELECT sealed FROM viw.token_keys'],
  ['viw_cert_worker', 'SELECT sealed FROM viw.listener_certificates'],
  ['viw_cert_worker', 'SELECT sealed FROM viw.listener_acme_accounts'],
  ['viw_cert_worker', 'SELECT detail FROM viw.audit_log'],
  ['viw_cert_worker', 'SELECT jws FROM viw.agent_commands'],
  ['viw_cert_worker', `UPDATE viw.audit_log SET action = 'x'`],
  ['viw_backend', 'SELECT sealed FROM viw.ssh_credentials'],
  ['viw_backend', 'SELECT private_key_sealed FROM viw.certificate_versions'],
  ['viw_backend', 'SELECT key_sealed FROM viw.acme_accounts'],
  ['viw_backend', 'SELECT eab_key_sealed FROM viw.acme_accounts'],
  ['viw_backend', `UPDATE viw.acme_accounts SET directory_url = 'https://elsewhere.example'`],
  ['viw_backend', `UPDATE viw.acme_accounts SET key_sealed = '{}'`],
  ['viw_backend', 'SELECT key_sealed FROM viw.authority_requests'],
  ['viw_backend', 'SELECT serial FROM viw.web_revocations'],
  ['viw_cert_worker', 'SELECT sealed FROM viw.certificate_authorities'],
  ['viw_cert_worker', 'UPDATE viw.certificate_authorities SET crl = NULL'],
  ['viw_cert_worker', 'UPDATE viw.authority_requests SET request = NULL'],
  ['viw_cert_worker', `UPDATE viw.authority_requests SET key_sealed = '{}'`],
  ['viw_backend', 'UPDATE viw.authority_requests SET request_sealed = NULL'],
  ['viw_cert_worker', 'SELECT serial FROM viw.issued_certificates'],
  ['viw_cert_worker', 'SELECT * FROM viw.audit_chain'],
  ['viw_backend', 'DELETE FROM viw.audit_chain'],
  ['viw_backend', 'DELETE FROM viw.audit_log'],
  ['viw_backend', 'DELETE FROM viw.audit_archive'],
  ['viw_backend', `UPDATE viw.audit_archive SET signature = ''`],
  ['viw_backend', 'INSERT INTO viw.audit_archive SELECT * FROM viw.audit_archive'],
  ['viw_backend', 'UPDATE viw.audit_retention_floor SET days = 30'],
  ['viw_backend', 'DELETE FROM viw.audit_retention_floor'],
  ['viw_backend', 'INSERT INTO viw.audit_retention_floor (days) VALUES (30)'],
  ['viw_cert_worker', 'SELECT days FROM viw.audit_retention_floor'],
  ['viw_backend', `UPDATE viw.audit_log SET outcome = 'success'`],
  ['viw_backend', 'DELETE FROM viw.agent_command_results'],
  ['viw_backend', 'SELECT sealed FROM viw.notification_secrets'],
  ['viw_backend', `UPDATE viw.alerts SET title = 'x'`],
  ['viw_backend', 'DELETE FROM viw.alerts'],
  ['viw_backend', 'DELETE FROM viw.notifications'],
  ['viw_notifier', 'SELECT sealed FROM viw.ssh_credentials'],
  ['viw_notifier', 'SELECT private_key_sealed FROM viw.certificate_versions'],
  ['viw_notifier', `UPDATE viw.notification_channels SET url = 'x'`],
  ['viw_notifier', 'INSERT INTO viw.notification_secrets SELECT * FROM viw.notification_secrets'],
  ['viw_notifier', `UPDATE viw.certificates SET state = 'revoked'`],
  ['viw_cert_worker', 'SELECT sealed FROM viw.notification_secrets'],
  ['viw_backend', 'CREATE TABLE viw.mine (n int)'],
  // What is old goes by functions of the one service that writes it, and in no other way.
  ['viw_telemetry_writer', 'DELETE FROM viw.agent_sessions'],
  ['viw_telemetry_writer', 'DELETE FROM viw.agent_events'],
  ['viw_telemetry_writer', 'SELECT viw.forget_commands(400, 1)'],
  ['viw_results_writer', 'DELETE FROM viw.agent_commands'],
  ['viw_results_writer', 'SELECT viw.forget_agent_events(90, 1)'],
  ['viw_backend', 'SELECT viw.forget_stray_results(400, 1)'],
  ['viw_backend', 'SELECT viw.destroy_useless_keys(90, 1)'],
  ['viw_cert_worker', 'DELETE FROM viw.certificates'],
  ['viw_cert_worker', 'DELETE FROM viw.certificate_operations'],
  ['viw_cert_worker', 'DELETE FROM viw.certificate_versions'],
  ['viw_cert_worker', 'DELETE FROM viw.deployments'],
  ['viw_cert_worker', 'UPDATE viw.certificate_versions SET private_key_sealed = NULL'],
  ['viw_cert_worker', 'SELECT viw.retention_cutoff(1, 0, 1)'],
];

test.each(refused)('%s is refused: %s', async (role, statement) => {
  await expect(sql.raw(statement).execute(accounts[role])).rejects.toMatchObject({ code: '42501' });
});

test('the superuser is not refused, so the statements above are valid', async () => {
  for (const [, statement] of refused.filter(([, text]) => text.startsWith('SELECT')))
    await sql.raw(statement).execute(f.db);
});

test('a cert-worker stores the list of the authority whose key it holds, and of no other one', async () => {
  const store = async (id: string, number: number) => {
    const { rows } = await sql<{
      stored: boolean;
    }>`SELECT viw.store_web_revocation_list(${id}::uuid, 0, ${number},
      'x'::bytea, 'd', now(), now()) AS stored`.execute(accounts.viw_cert_worker);
    return rows[0]?.stored;
  };
  const made = async (purpose: string, sealed: string | null) => {
    const { rows } = await sql<{
      id: string;
    }>`INSERT INTO viw.certificate_authorities (id, purpose, subject, pem,
        fingerprint_sha256, not_before, not_after, sealed)
      VALUES (gen_random_uuid(), ${purpose}, 'CN', 'pem', encode(sha256(${purpose}::bytea), 'hex'), now(), now(), ${sealed}::jsonb)
      RETURNING id`.execute(f.db);
    return rows[0]!.id;
  };
  const [root, web] = [await made('root', '{}'), await made('web-services', null)];
  expect(await store(root, 5)).toBe(false);
  expect(await store(web, 0)).toBe(false);
  expect(await store(web, 5)).toBe(true);
  expect(await store(web, 6)).toBe(false);
});

test('an account is not worth more than its role; a second call sets the password', async () => {
  const { rows } = await sql<{ super: boolean }>`
    SELECT rolsuper OR rolcreaterole OR rolcreatedb AS super FROM pg_roles WHERE rolname = current_user`.execute(
    accounts.viw_backend,
  );
  expect(rows).toEqual([{ super: false }]);
  await expect(createServiceLogin(f.db, 'viw_backend', `x"; DROP`, 'p'.repeat(20))).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  await expect(createServiceLogin(f.db, 'viw_backend', 'postgres', 'p'.repeat(20))).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  await expect(createServiceLogin(f.db, 'viw_backend', 'short', 'short')).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
});
