import type { ListenerCertificateRepository } from '@viw/database';
import { AppError } from '@viw/runtime';

export interface ClaimLeaseOptions {
  readonly id: string;
  readonly fencing: number;
  readonly leaseS: number;
  /** Aborts the work, too. */
  readonly outer: AbortSignal;
}

/**
 * Keeps a claim while it is worked on. `signal` is aborted when the claim is lost: another backend has it, or it could not be
 * renewed in its time.
 */
export class ClaimLease {
  readonly signal: AbortSignal;
  readonly #lost = new AbortController();
  #validUntil: number;
  #renewing = false;
  readonly #timer: NodeJS.Timeout;

  /** Right after the claim. */
  constructor(
    private readonly options: ClaimLeaseOptions,
    private readonly deps: { readonly certificates: Pick<ListenerCertificateRepository, 'renewLease'> },
  ) {
    const ms = options.leaseS * 1_000;
    this.signal = AbortSignal.any([options.outer, this.#lost.signal]);
    this.#validUntil = performance.now() + ms;
    this.#timer = setInterval(() => void this.#turn(), ms / 3);
  }

  get lost(): boolean {
    return this.#lost.signal.aborted;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #turn(): Promise<void> {
    if (performance.now() >= this.#validUntil) return this.#lose('it could not be renewed in time');
    if (this.#renewing) return;
    this.#renewing = true;
    const { id, fencing, leaseS } = this.options;
    const asked = performance.now();
    try {
      if (await this.deps.certificates.renewLease(id, fencing, leaseS))
        this.#validUntil = asked + leaseS * 1_000;
      else this.#lose('another backend has it');
    } catch {
      // Postgres is away: it may be back before the lease ends.
    } finally {
      this.#renewing = false;
    }
  }

  #lose(why: string): void {
    this.end();
    this.#lost.abort(new AppError('CONFLICT', `the claim on the listener's certificate is lost: ${why}`));
  }
}
