import { createDatabase } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { ArchiveSigner } from './audit/archive-signer';
import { CheckpointSigner } from './audit/checkpoint-signer';
import { AuditVerifier } from './audit/verification';
import type { Config } from './config';
import { completeConfig } from './config';
import { Store } from './store';

/**
 * `backend verify-audit`: the whole chain, without the API. The verification goes to `out` as JSON.
 * @returns the exit status: 0, or 1 when anything was found
 */
export async function verifyAudit(
  config: Config,
  { logger, out }: { logger: Logger; out: (text: string) => void },
): Promise<0 | 1> {
  let db: ReturnType<typeof createDatabase> | undefined;
  try {
    const { BACKEND_DATABASE_URL: url, BACKEND_ENCRYPTION_KEY: keys } = completeConfig(config);
    db = createDatabase({ url, max: 1, applicationName: 'backend-verify-audit' });
    const signer = new CheckpointSigner({ keys });
    const archives = new ArchiveSigner({ keys });
    const verification = await new AuditVerifier({ store: new Store({ db }), signer, archives }).verify();
    out(`${JSON.stringify(verification, undefined, 2)}\n`);
    return verification.ok ? 0 : 1;
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'see error';
    logger.fatal({ event: 'audit_not_verified', error }, `the audit log could not be verified: ${reason}`);
    return 1;
  } finally {
    await db?.destroy().catch(() => undefined);
  }
}
