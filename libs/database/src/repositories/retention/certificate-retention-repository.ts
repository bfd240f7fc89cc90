import type { RepositoryDeps } from '../repository';
import { type Forgetting, forget } from './forgetting';

/**
 * The past of certificates, until it is old; what refers to something goes before it, so these are to be called in the order in
 * which they stand here. Two callers at once are harmless: neither waits for what the other deletes.
 */
export class CertificateRetentionRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Private keys of versions that nobody can be served or returned to any more; the versions stay. */
  keys(step: Forgetting): Promise<number> {
    return forget(this.deps, 'destroy_useless_keys', step);
  }

  /** What was served before. */
  deployments(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_deployments', step);
  }

  /** Ended so long ago, and their key destroyed. */
  versions(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_versions', step);
  }

  /** With their steps and targets. */
  operations(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_operations', step);
  }

  /** Retired so long ago, and nothing of them is left. */
  retired(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_retired_certificates', step);
  }
}
