import { randomBytes } from 'node:crypto';
import {
  CertificateRepository,
  OperationRepository,
  OperationWorkRepository,
  createDatabase,
  createServiceLogin,
} from '@viw/database';
import { createLogger } from '@viw/runtime';
import { generateKek } from '@viw/secrets';
import { sql } from 'kysely';
import { ArchiveSigner } from '../src/audit/archive-signer';
import { CheckpointSigner } from '../src/audit/checkpoint-signer';
import { AuditSealer } from '../src/audit/sealer';
import { AuditVerifier } from '../src/audit/verification';
import { Store } from '../src/store';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';

let around: Surroundings;
beforeAll(async () => (around = await surroundings()), 60_000);
afterAll(() => around?.close());

it('what a cert-worker writes into the audit log by its own account is sealed, and a change of it is found', async () => {
  const url = new URL(around.databaseUrl);
  url.username = `t_${randomBytes(6).toString('hex')}`;
  url.password = randomBytes(16).toString('hex');
  await createServiceLogin(around.owner, 'viw_cert_worker', url.username, url.password);
  const worker = createDatabase({ url: url.href, applicationName: 'test', max: 2 });
  const backend = createDatabase({ url: around.databaseUrl, applicationName: 'test', max: 2 });
  try {
    const certificate = await new CertificateRepository({ db: backend }).create({
      names: ['a.example'],
      issuer: 'acme',
      challenge: 'http-01',
      key_type: 'ec-p256',
      created_by: 'test',
    });
    const id = await new OperationRepository({ db: backend }).create({
      certificate_id: certificate,
      kind: 'issue',
      issued_by: { kind: 'administrator', id: '7', name: 'eve@example.org' },
    });
    const operations = new OperationWorkRepository({ db: worker });
    const claimed = async (): Promise<number> => {
      const claim = await operations.claim(id, 'test', 15);
      if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
      return claim.work.fencing;
    };
    // Taken up again and again it is one beginning and one end.
    for (let attempt = 0; attempt < 3; attempt++) await operations.release(id, await claimed());
    const fencing = await claimed();
    await operations.finish(id, fencing, 'succeeded');
    await expect(operations.finish(id, fencing, 'succeeded')).rejects.toMatchObject({ code: 'CONFLICT' });

    const store = new Store({ db: backend });
    const keys = [generateKek()] as const;
    const signer = new CheckpointSigner({ keys });
    const archives = new ArchiveSigner({ keys });
    const logger = createLogger({ service: 'backend', level: 'silent' });
    await new AuditSealer({ checkpointMs: 0 }, { store, signer, archives, logger }).seal(
      new AbortController().signal,
    );
    const verify = () => new AuditVerifier({ store, signer, archives }).verify();
    expect(await verify()).toMatchObject({ ok: true, entries: 2, waiting: 0, findings: [] });
    for (const statement of [
      sql`DELETE FROM viw.audit_log`,
      sql`UPDATE viw.audit_log SET actor_id = 'nobody'`,
      sql`SELECT * FROM viw.audit_log`,
    ])
      await expect(statement.execute(worker)).rejects.toThrow('permission denied');
    await sql`UPDATE viw.audit_log SET actor_id = '8' WHERE action = 'certificate.issue.ended'`.execute(
      around.owner,
    );
    expect((await verify()).findings).toMatchObject([{ kind: 'entry_changed' }]);
  } finally {
    await Promise.all([worker.destroy(), backend.destroy()]);
  }
});
