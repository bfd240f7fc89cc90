import { randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let serverId: string;
beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
  const credential = { name: randomUUID(), username: 'deploy', agent: true } as const;
  const { id: ssh_credential_id } = await admin.sshCredentials.create(credential);
  serverId = (await admin.servers.create({ name: 'edge-1', host: '10.0.0.1', ssh_credential_id })).id;
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

/** Issued `versions` times, the last one in service; on a virtual host unless it is told not to. */
async function makeCertificate({ versions = 2, served = true } = {}) {
  const { id: hostId } = await admin.servers.createVirtualHost(serverId, {
    server_names: ['shop.example.org'],
    cert_dir: `/etc/viw/${randomUUID()}`,
    listeners: [{ host: '127.0.0.1', port: 443 }],
  });
  const asked = { names: ['shop.example.org'], deploy_to: served ? [hostId] : [] };
  const { certificate_id: id } = await admin.certificates.create(asked);
  await sql`UPDATE viw.certificate_operations SET status = 'succeeded' WHERE certificate_id = ${id}`.execute(
    around.owner,
  );
  const made: string[] = [];
  for (let n = 0; n < versions; n++) {
    const version = uuidv7();
    made.push(version);
    await sql`INSERT INTO viw.certificate_versions (id, certificate_id, cert_pem, chain_pem, private_key_sealed, serial,
        fingerprint_sha256, issuer, names, not_before, not_after)
      VALUES (${version}, ${id}, '', '', '{"sealed":1}', '01', ${version}, 'test', '{}', now(), now() + interval '90 days')`.execute(
      around.owner,
    );
    await sql`UPDATE viw.certificates SET current_version_id = ${version}, state = 'active' WHERE id = ${id}`.execute(
      around.owner,
    );
  }
  return { id, hostId, versions: made };
}
const refused = (code: string, words: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(words) as string });
const audited = async (action: string, id: string): Promise<number> => {
  const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM viw.audit_log
    WHERE action = ${action} AND object_id = ${id}`.execute(around.owner);
  return Number(rows[0]?.n);
};

describe('retiring a certificate', () => {
  it('is refused, naming the virtual hosts, while it is to be served', async () => {
    const { id, hostId } = await makeCertificate();
    await expect(admin.certificates.retire(id)).rejects.toEqual(
      refused('CONFLICT', /shop\.example\.org on edge-1/),
    );
    await admin.servers.updateVirtualHost(serverId, hostId, { certificate_id: null });
    expect((await admin.certificates.retire(id)).retired_at).not.toBeNull();
  });

  it('destroys the keys, keeps the history, ends the work, and does it once', async () => {
    const { id, hostId } = await makeCertificate({ served: false });
    const { operation_id } = await admin.certificates.renew(id);
    const first = await admin.certificates.retire(id);
    expect(await admin.certificates.retire(id)).toEqual(first);
    expect(await audited('certificate.retire', id)).toBe(1);
    expect((await admin.certificates.get(id)).retired_at).toBe(first.retired_at);
    expect((await admin.operations.get(operation_id)).status).toBe('failed');
    const { items } = await admin.certificates.versions(id);
    expect(items.map(({ key_destroyed_at }) => key_destroyed_at !== null)).toEqual([true, true]);
    expect((await admin.certificates.operations(id)).items).toHaveLength(2);
    for (const pages of [admin.certificates.versions, admin.certificates.operations]) {
      const newest = await pages(id, { limit: 1 });
      const older = await pages(id, { limit: 1, cursor: newest.next_cursor! });
      expect([...newest.items, ...older.items].map((one) => one.id)).toEqual(
        (await pages(id)).items.map((one) => one.id),
      );
    }
    const { rows } = await sql`SELECT 1 FROM viw.certificate_versions
      WHERE certificate_id = ${id} AND private_key_sealed IS NOT NULL`.execute(around.owner);
    expect(rows).toEqual([]);
    expect((await admin.certificates.list({ limit: 200 })).items.map((one) => one.id)).not.toContain(id);
    const rest = [
      () => admin.certificates.renew(id),
      () => admin.certificates.deploy(id),
      () => admin.certificates.rollback(id),
      () => admin.certificates.revoke(id, 'unspecified'),
      () => admin.servers.updateVirtualHost(serverId, hostId, { certificate_id: id }),
    ];
    for (const work of rest) await expect(work()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('waits for a revocation', async () => {
    const { id } = await makeCertificate({ served: false });
    await admin.certificates.revoke(id, 'keyCompromise');
    await expect(admin.certificates.retire(id)).rejects.toEqual(
      refused('CONFLICT', /revocation is not done/),
    );
  });
});

describe('what is deleted of the history', () => {
  const forget = (what: string) =>
    sql`SELECT viw.${sql.id(`forget_${what}`)}(400, 100)`.execute(around.owner);

  it('leaves the certificate as it is, and its lists without what is gone', async () => {
    const { id, versions } = await makeCertificate({ versions: 3 });
    const later = await admin.certificates.renew(id);
    await sql`UPDATE viw.certificate_versions SET not_after = now() - interval '401 days', private_key_sealed = NULL,
      created_at = now() - interval '500 days', key_destroyed_at = now() WHERE certificate_id = ${id}`.execute(
      around.owner,
    );
    const [last, first] = (await admin.certificates.operations(id)).items;
    expect(last?.id).toBe(later.operation_id);
    await sql`UPDATE viw.certificate_operations SET status = 'succeeded', finished_at = now() - interval '401 days'
      WHERE certificate_id = ${id}`.execute(around.owner);
    const before = await admin.certificates.get(id);
    for (const what of ['deployments', 'versions', 'operations', 'retired_certificates']) await forget(what);
    expect(await admin.certificates.get(id)).toEqual(before);
    expect(before.current_version?.id).toBe(versions[2]);
    expect((await admin.certificates.versions(id)).items.map((one) => one.id)).toEqual([versions[2]]);
    expect((await admin.certificates.operations(id)).items.map((one) => one.id)).toEqual([last!.id]);
    await expect(admin.operations.get(first!.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(admin.certificates.rollback(id)).rejects.toEqual(refused('CONFLICT', /no version before/));
  });

  it('of a retired certificate is all of it', async () => {
    const { id } = await makeCertificate({ versions: 0, served: false });
    await admin.certificates.retire(id);
    await sql`UPDATE viw.certificates SET deleted_at = now() - interval '401 days' WHERE id = ${id}`.execute(
      around.owner,
    );
    await sql`UPDATE viw.certificate_operations SET finished_at = now() - interval '401 days'
      WHERE certificate_id = ${id}`.execute(around.owner);
    for (const what of ['operations', 'retired_certificates']) await forget(what);
    for (const read of [admin.certificates.get, admin.certificates.versions, admin.certificates.operations])
      await expect(read(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await audited('certificate.retire', id)).toBe(1);
  });
});

describe('going back to a version', () => {
  it('is an operation of its own, to the version before or the named one', async () => {
    const { id, versions } = await makeCertificate({ versions: 3 });
    const { operation_id } = await admin.certificates.rollback(id);
    expect((await admin.operations.get(operation_id)).kind).toBe('rollback');
    const key = { idempotencyKey: randomUUID() };
    const named = await admin.certificates.rollback(id, { version_id: versions[0]! }, key);
    expect(await admin.certificates.rollback(id, { version_id: versions[0]! }, key)).toEqual(named);
    const { rows } = await sql<{ to: string }>`SELECT parameters ->> 'version_id' AS to
      FROM viw.certificate_operations WHERE certificate_id = ${id} AND kind = 'rollback' ORDER BY id`.execute(
      around.owner,
    );
    expect(rows.map(({ to }) => to)).toEqual([versions[1], versions[0]]);
    expect(await audited('certificate.rollback', id)).toBe(2);
  });

  it.each([
    ['revoked', 'revoked_at = now()', /is revoked/],
    ['key-compromised', 'quarantined_at = now()', /foreign hands/],
    ['expired', "not_after = now() - interval '1 s'", /has expired/],
    ['keyless', 'private_key_sealed = NULL, key_destroyed_at = now()', /was destroyed/],
  ])('is refused for a version that is %s', async (_, change, words) => {
    const { id, versions } = await makeCertificate();
    await sql`UPDATE viw.certificate_versions SET ${sql.raw(change)} WHERE id = ${versions[0]}`.execute(
      around.owner,
    );
    await expect(admin.certificates.rollback(id)).rejects.toEqual(refused('CONFLICT', words));
  });

  it('is refused without a version to go to, and for the versions of others', async () => {
    const one = await makeCertificate({ versions: 1 });
    const other = await makeCertificate();
    const back = (version_id?: string) =>
      admin.certificates.rollback(one.id, { ...(version_id && { version_id }) });
    await expect(back()).rejects.toEqual(refused('CONFLICT', /no version before/));
    await expect(back(one.versions[0])).rejects.toEqual(refused('CONFLICT', /in service already/));
    await expect(back(other.versions[0])).rejects.toEqual(refused('NOT_FOUND', /no such version/));
    await sql`UPDATE viw.certificates SET state = 'revoked' WHERE id = ${other.id}`.execute(around.owner);
    await expect(admin.certificates.rollback(other.id)).rejects.toEqual(refused('CONFLICT', /is revoked/));
  });
});
