import { revocationParameters, type RevocationReason } from '@viw/contracts';
import type { OperationWork, VersionRevocationRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Deployment } from '../deploy/deployment';
import type { StepJournal } from '../operation/step-journal';
import type { Issuers } from '../issuers/issuers';
import type { Issuance } from './issuance';

export interface RevocationDeps {
  readonly issuers: Pick<Issuers, 'of'>;
  readonly issuance: Pick<Issuance, 'run'>;
  readonly deployment: Pick<Deployment, 'run'>;
  readonly revocations: VersionRevocationRepository;
}

/** RFC 5280 section 5.3.1. */
const CODES: Record<RevocationReason, number> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  cessationOfOperation: 5,
};

/** Takes certificates back. Every step can be repeated, by another worker and by another operation. */
export class Revocation {
  constructor(private readonly deps: RevocationDeps) {}

  /**
   * Of a compromised key: quarantine, a version with a new key, deployed and proved everywhere, and only then the
   * revocation, so that no client ever meets a revoked certificate. Asked to do it at once: the revocation right after the
   * quarantine, and clients may meet a revoked certificate until the new one is served.
   * @throws AppError of issuance and deployment; ACME_REFUSED, ACME_UNAVAILABLE, ACME_RATE_LIMITED of the revocation;
   *   CONFLICT when the lease is lost; the signal's reason
   */
  async run(work: OperationWork, journal: StepJournal, signal: AbortSignal): Promise<void> {
    const { data: asked } = revocationParameters.safeParse(work.parameters);
    if (!asked) throw new AppError('VALIDATION_FAILED', 'the operation does not say what is to be revoked');
    const compromised = asked.reason === 'keyCompromise';
    // Of a key in foreign hands, what was made before that was known; otherwise everything, a renewal that was under way
    // at the request included: while the lease is held none can be added.
    const until = compromised ? (asked.until ?? work.created_at) : undefined;
    const replace = until === undefined ? undefined : await this.#quarantine(work, until, journal, signal);
    if (!asked.at_once) await replace?.();
    await this.#revoke(work, { reason: asked.reason, until }, journal, signal);
    if (asked.at_once) await replace?.();
    if (!compromised) await this.deps.revocations.retire(work.certificate_id, work.fencing);
    journal.changed();
  }

  /** @returns what puts a successor into service */
  async #quarantine(
    work: OperationWork,
    until: string,
    journal: StepJournal,
    signal: AbortSignal,
  ): Promise<(() => Promise<void>) | undefined> {
    const { certificate_id, fencing, current_version_id } = work;
    const current = await this.deps.revocations.quarantine(certificate_id, fencing, until);
    await journal.report({
      step: 'quarantine',
      status: 'done',
      detail: 'its keys are not deployed any more',
    });
    journal.changed();
    // Out of service for good by another revocation: nothing takes its place.
    if (work.state === 'revoked') return undefined;
    return async () => {
      // An attempt before may have made the successor; then only its deployment is left.
      const versionId =
        current || current_version_id === null
          ? await this.deps.issuance.run(work, journal, signal)
          : current_version_id;
      await this.deps.deployment.run(work, versionId, journal, signal);
    };
  }

  async #revoke(
    work: OperationWork,
    { reason, until }: { reason: RevocationReason; until: string | undefined },
    journal: StepJournal,
    signal: AbortSignal,
  ): Promise<void> {
    const { revocations, issuers } = this.deps;
    const { issuer } = await issuers.of(work.issuer);
    for (const { id, serial, cert_pem } of await revocations.revocable(work.certificate_id, until)) {
      const begin = performance.now();
      const step = { step: 'revoke', duration_ms: 0 };
      try {
        await issuer.revoke(cert_pem, CODES[reason], signal);
      } catch (error) {
        await journal.report({ ...step, status: 'failed', detail: `${serial}: ${(error as Error).message}` });
        throw error;
      }
      await revocations.recordRevoked(work.certificate_id, work.fencing, id);
      const duration_ms = Math.round(performance.now() - begin);
      await journal.report({ ...step, status: 'done', detail: `${serial} (${reason})`, duration_ms });
    }
  }
}
