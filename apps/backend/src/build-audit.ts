import type { Logger, Metrics } from '@viw/runtime';
import { ArchiveSigner } from './audit/archive-signer';
import { CheckpointSigner } from './audit/checkpoint-signer';
import { AuditRetention } from './audit/retention';
import { retentionMetrics } from './audit/retention-metrics';
import { AuditSealer } from './audit/sealer';
import { AuditVerifier } from './audit/verification';
import type { CompleteConfig } from './config';
import type { Store } from './store';

export interface AuditDeps {
  readonly store: Store;
  /** For what runs by itself. */
  readonly jobs: Store;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface AuditParts {
  readonly verifier: AuditVerifier;
  readonly sealer: AuditSealer;
  /** Absent: lines are kept for good. */
  readonly retention: AuditRetention | undefined;
}

/** What seals, verifies and shortens the audit log. */
export function buildAudit(
  { BACKEND_ENCRYPTION_KEY: keys, BACKEND_AUDIT_RETENTION_DAYS: days }: CompleteConfig,
  { store, jobs, logger, metrics }: AuditDeps,
): AuditParts {
  const signer = new CheckpointSigner({ keys });
  const archives = new ArchiveSigner({ keys });
  const told = retentionMetrics({ audit: store.repositories.audit, metrics });
  const own = { store: jobs, signer, archives, logger };
  return {
    verifier: new AuditVerifier({ store, signer, archives }),
    sealer: new AuditSealer({}, own),
    retention: days === 0 ? undefined : new AuditRetention({ days }, { ...own, metrics: told }),
  };
}
