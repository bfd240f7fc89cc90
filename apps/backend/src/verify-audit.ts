import { createDatabase } from '@viw/database';
import type { Logger } from '@viw/runtime';
import { CheckpointSigner } from './audit/checkpoint-signer';
import { AuditVerifier } from './audit/verification';
import type { CompleteConfig } from './config';
import { Store } from './store';

/**
 * `backend verify-audit`: the whole chain, without the API. The verification goes to `out` as JSON.
 * @returns the exit status: 0, or 1 when anything was found
 */
export async function verifyAudit(
  config: CompleteConfig,
  { logger, out }: { logger: Logger; out: (text: string) => void },
): Promise<0 | 1> {
  const url = config.BACKEND_DATABASE_URL;
  const db = createDatabase({ url, max: 1, applicationName: 'backend-verify-audit' });
  try {
    const signer = new CheckpointSigner({ keys: config.BACKEND_ENCRYPTION_KEY });
    const { repositories } = new Store({ db });
    const verification = await new AuditVerifier({ repositories, signer }).verify();
    out(`${JSON.stringify(verification, undefined, 2)}\n`);
    return verification.ok ? 0 : 1;
  } catch (error) {
    logger.fatal({ event: 'audit_not_verified', error }, 'the audit log could not be verified');
    return 1;
  } finally {
    await db.destroy().catch(() => undefined);
  }
}
