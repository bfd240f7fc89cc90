import type { ListenerFailure } from '@viw/database';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock, TlsMaterial, TlsMaterialSource } from '@viw/runtime';

export interface HeldMaterial {
  readonly pem: string;
  readonly privateKeyPem: string;
  readonly notAfter: Date;
}

/**
 * The listener's certificate in this process's memory, served on while Postgres is away. Beside it the issuers of client
 * certificates, from a file.
 */
export class HeldCertificate implements TlsMaterialSource {
  #held: HeldMaterial | undefined;
  #failure: ListenerFailure | null = null;

  constructor(private readonly deps: { readonly clientIssuers: TlsMaterialSource; readonly clock?: Clock }) {}

  has(pem: string): boolean {
    return this.#held?.pem === pem;
  }

  hold(material: HeldMaterial): void {
    this.#held = material;
  }

  /** Why there is no newer one; null: nothing is known to be wrong. */
  note(failure: ListenerFailure | null): void {
    this.#failure = failure;
  }

  /** @throws AppError CONFIG_INVALID for the file of client issuers */
  async read(): Promise<TlsMaterial> {
    const { ca } = await this.deps.clientIssuers.read();
    return { cert: this.#held?.pem, key: this.#held?.privateKeyPem, ca };
  }

  /** Readiness: without a certificate that counts nobody gets a connection. @throws AppError UNAVAILABLE */
  async assertServable(): Promise<string> {
    const why = this.#failure === null ? 'being issued' : this.#failure.detail;
    if (this.#held === undefined)
      throw new AppError('UNAVAILABLE', `the listener has no certificate yet: ${why}`);
    const until = this.#held.notAfter.toISOString();
    if (this.#held.notAfter.getTime() <= (this.deps.clock ?? systemClock).now())
      throw new AppError('UNAVAILABLE', `the certificate of the listener ended ${until}: ${why}`);
    return `until ${until}${this.#failure === null ? '' : `; not renewed: ${why}`}`;
  }
}
