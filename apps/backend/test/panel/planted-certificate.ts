import type { Client } from '@viw/client';
import { ManualRecordRepository } from '@viw/database';
import type { Db } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';

/** A certificate with two versions that cert-workers have not made, and an operation that waits for a record set by hand. */
export async function plantedCertificate(admin: Client, owner: Db, name: string) {
  const { certificate_id: id, operation_id: operation } = await admin.certificates.create({ names: [name] });
  for (const serial of ['0a', '0b']) {
    const version = uuidv7();
    await sql`INSERT INTO viw.certificate_versions (id, certificate_id, cert_pem, chain_pem, private_key_sealed, serial,
        fingerprint_sha256, issuer, names, not_before, not_after)
      VALUES (${version}, ${id}, '', '', '{"sealed":1}', ${serial}, ${version}, 'test', '{}', now(), now() + interval '90 days')`.execute(
      owner,
    );
    await sql`UPDATE viw.certificates SET current_version_id = ${version}, state = 'active' WHERE id = ${id}`.execute(
      owner,
    );
  }
  const record = { name, record: `_acme-challenge.${name}`, value: 'the value to be set' };
  await new ManualRecordRepository({ db: owner }).ask(operation, record, 3_600);
  return { id, operation };
}
