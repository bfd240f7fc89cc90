import type {
  ListenerCertificate,
  ListenerCertificateRepository,
  ListenerClaim,
  ListenerFailure,
} from '@viw/database';
import { foreignText, redactText, systemClock, toAppError } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { SealedSecret, SecretBox } from '@viw/secrets';
import { ClaimLease } from './claim-lease';
import type { HeldCertificate } from './held-certificate';
import type { IssuedForListener, ListenerIssuer } from './listener-issuer';
import { listenerKeyContext } from './listener-secrets';

const DAY_MS = 86_400_000;
const MAX_DETAIL = 500;
/** Whatever it has issued, an issuer is not asked again sooner. */
const LEAST_LIFE_MS = 600_000;

export interface CertificateKeeperOptions {
  readonly id: string;
  readonly names: readonly string[];
  /** For which a backend that died keeps the others from going on. Seconds. */
  readonly leaseS: number;
}

export interface CertificateKeeperDeps {
  readonly certificates: ListenerCertificateRepository;
  readonly box: SecretBox;
  readonly issuer: ListenerIssuer;
  readonly held: HeldCertificate;
  /** Told when `held` has another certificate. */
  readonly changed: () => Promise<void>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Keeps this backend in possession of the listener's newest certificate, and sees to the next one in time. However many
 * backends there are, one at a time asks the issuer: it holds a claim in Postgres, and what it brings without that is not taken.
 */
export class CertificateKeeper {
  #usedAt = -Infinity;

  constructor(
    private readonly options: CertificateKeeperOptions,
    private readonly deps: CertificateKeeperDeps,
  ) {}

  /** One look; again and again. @throws what Postgres throws; AppError INTERNAL_ERROR when the key does not open */
  async run(signal: AbortSignal): Promise<void> {
    const { id, names, leaseS } = this.options;
    const { certificates } = this.deps;
    const now = this.#now();
    if (now - this.#usedAt >= DAY_MS) {
      await certificates.use(id, names);
      this.#usedAt = now;
    }
    const row = await certificates.find(id);
    if (row === undefined) return void (this.#usedAt = -Infinity);
    await this.#take(row);
    if (!row.due || signal.aborted) return;
    const claim = await certificates.claim(id, leaseS);
    if (claim === undefined) return;
    await this.#renew(claim, signal);
    const after = await certificates.find(id);
    if (after !== undefined) await this.#take(after);
  }

  async #take({ version, pem, sealed, not_after, failure }: ListenerCertificate): Promise<void> {
    const { certificates, box, held, changed } = this.deps;
    held.note(failure);
    if (pem === null || sealed === null || not_after === null || held.has(pem)) return;
    const { id } = this.options;
    const context = listenerKeyContext(id);
    const privateKeyPem = this.#opened(sealed);
    held.hold({ pem, privateKeyPem, notAfter: new Date(not_after) });
    await changed();
    // So that a former key-encryption key can go once every backend has started with the new one.
    if (box.needsRewrap(sealed as SealedSecret))
      await certificates.reseal(id, version, box.rewrap(sealed, context));
  }

  #opened(sealed: object): string {
    const { box, held } = this.deps;
    try {
      return box.openText(sealed, listenerKeyContext(this.options.id));
    } catch (error) {
      held.note(failureOf(error));
      throw error;
    }
  }

  async #renew(claim: ListenerClaim, outer: AbortSignal): Promise<void> {
    const { id, leaseS } = this.options;
    const { certificates, issuer, logger } = this.deps;
    const { fencing } = claim;
    logger.info(
      { event: 'listener_certificate_wanted', failures: claim.failures, not_after: claim.not_after },
      'this backend asks for the next certificate of the listener',
    );
    const lease = new ClaimLease({ id, fencing, leaseS, outer }, { certificates });
    try {
      await this.#save(fencing, await issuer.issue({ claim, signal: lease.signal }));
    } catch (error) {
      if (lease.lost) this.#claimLost(error);
      else if (outer.aborted) await certificates.release(id, fencing);
      else await this.#fail(claim, error);
    } finally {
      lease.end();
    }
  }

  async #save(fencing: number, { pem, privateKeyPem, notAfter, renewAt }: IssuedForListener): Promise<void> {
    const { id, names } = this.options;
    const { certificates, box, logger } = this.deps;
    const saved = await certificates.save(id, fencing, {
      pem,
      sealed: box.seal(privateKeyPem, listenerKeyContext(id)),
      notAfter,
      renewAt: new Date(Math.max(renewAt.getTime(), this.#now() + LEAST_LIFE_MS)),
    });
    const facts = { names, not_after: notAfter.toISOString() };
    if (saved)
      logger.info({ event: 'listener_certificate_issued', ...facts }, 'the listener gets a new certificate');
    else this.#claimLost(facts);
  }

  async #fail(claim: ListenerClaim, error: unknown): Promise<void> {
    const { id } = this.options;
    const { certificates, issuer, logger } = this.deps;
    const failure = failureOf(error);
    const failures = claim.failures + 1;
    const notAfter = claim.not_after === null ? undefined : new Date(claim.not_after);
    const next = issuer.nextAttempt(error, { failures, notAfter });
    if (!(await certificates.fail(id, claim.fencing, failure, next))) return this.#claimLost(failure);
    logger.error(
      {
        event: 'listener_certificate_not_issued',
        ...failure,
        failures,
        next_attempt_at: next.toISOString(),
        not_after: claim.not_after,
      },
      'the listener gets no new certificate',
    );
  }

  #claimLost(why: unknown): void {
    this.deps.logger.warn(
      { event: 'listener_certificate_claim_lost', why },
      'another backend goes on with the certificate of the listener',
    );
  }

  #now(): number {
    return (this.deps.clock ?? systemClock).now();
  }
}

function failureOf(error: unknown): ListenerFailure {
  const { code, message } = toAppError(error);
  return { code, detail: foreignText(redactText(message), MAX_DETAIL) };
}
