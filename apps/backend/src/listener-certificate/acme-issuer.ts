import type { AcmeIssuer, AcmeIssuerOptions, AcmeRetry, ChallengeSolver } from '@viw/acme';
import type {
  ListenerAccount,
  ListenerAccountRepository,
  ListenerCertificateRepository,
} from '@viw/database';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { SealedSecret, SecretBox } from '@viw/secrets';
import { loadAcme } from './load-acme';
import type {
  FailedListenerAttempt,
  IssueAttempt,
  IssuedForListener,
  ListenerIssuer,
} from './listener-issuer';
import { listenerAccountContext, listenerOrderKeyContext } from './listener-secrets';

const HOUR_MS = 3_600_000;

export interface AcmeListenerIssuerOptions extends Pick<
  AcmeIssuerOptions,
  'directoryUrl' | 'termsOfServiceAgreed'
> {
  readonly id: string;
  readonly names: readonly string[];
  readonly directoryCaPem?: string | undefined;
  /** `mailto:…` */
  readonly contact?: string | undefined;
  readonly eab?: AcmeIssuerOptions['externalAccountBinding'] | undefined;
}

export interface AcmeListenerIssuerDeps {
  readonly accounts: ListenerAccountRepository;
  readonly certificates: Pick<ListenerCertificateRepository, 'noteOrder' | 'noteOrderKey'>;
  readonly box: SecretBox;
  readonly solver: (fencing: number) => Promise<ChallengeSolver>;
  readonly clock?: Clock;
}

/** The listener's certificate by ACME, with an account of the backends' own. */
export class AcmeListenerIssuer implements ListenerIssuer {
  #issuer: Promise<AcmeIssuer> | undefined;
  #acme: Awaited<ReturnType<typeof loadAcme>> | undefined;

  constructor(
    private readonly options: AcmeListenerIssuerOptions,
    private readonly deps: AcmeListenerIssuerDeps,
  ) {}

  async issue({ claim, signal }: IssueAttempt): Promise<IssuedForListener> {
    const { id, names } = this.options;
    const { certificates, box, solver } = this.deps;
    const { planRenewal } = (this.#acme ??= await loadAcme());
    const { fencing, order_url: orderUrl, order_sealed: orderKey } = claim;
    const held = (noted: boolean): void => {
      if (!noted) throw new AppError('CONFLICT', "the claim on the listener's certificate is lost");
    };
    const context = listenerOrderKeyContext(id);
    const issued = await (
      await this.#open()
    ).issue({
      names,
      solver: await solver(fencing),
      signal,
      onOrder: async (url) => {
        if (url !== orderUrl) held(await certificates.noteOrder(id, fencing, url));
      },
      onKey: async (pem) => held(await certificates.noteOrderKey(id, fencing, box.seal(pem, context))),
      ...(orderUrl !== null && {
        resume: {
          orderUrl,
          ...this.#orderKey(orderKey),
        },
      }),
    });
    const { fullchainPem: pem, privateKeyPem, notAfter } = issued;
    const { dueAt } = planRenewal(issued, { jitter: Math.random() }, new Date(this.#now()));
    return { pem, privateKeyPem, notAfter, renewAt: dueAt };
  }

  /** As for any other certificate, but at least once an hour: without this one nobody can sign in to repair something. */
  nextAttempt(error: unknown, attempt: FailedListenerAttempt): Date {
    const now = this.#now();
    const hourly = new Date(now + HOUR_MS);
    const { retry = 'soon', retry_at: at } = (error instanceof AppError ? error.meta : {}) as {
      retry?: AcmeRetry;
      retry_at?: string;
    };
    const { failures, notAfter } = attempt;
    const planned = this.#acme?.nextAttempt(
      { retry, failures, ...(at !== undefined && { retryAt: new Date(at) }), ...(notAfter && { notAfter }) },
      new Date(now),
      Math.random(),
    );
    if (!planned) return hourly;
    return retry === 'at' || planned < hourly ? planned : hourly;
  }

  async close(): Promise<void> {
    await this.#issuer?.then(
      (issuer) => issuer.close(),
      () => undefined,
    );
  }

  /** Without it an order that is finalised already is given up; one that cannot be opened must not hold up the next. */
  #orderKey(sealed: object | null): { privateKeyPem?: string } {
    if (sealed === null) return {};
    try {
      return { privateKeyPem: this.deps.box.openText(sealed, listenerOrderKeyContext(this.options.id)) };
    } catch {
      return {};
    }
  }

  #open(): Promise<AcmeIssuer> {
    this.#issuer ??= this.#openAccount().catch((error: unknown) => {
      this.#issuer = undefined;
      throw error;
    });
    return this.#issuer;
  }

  async #openAccount(): Promise<AcmeIssuer> {
    const { directoryUrl, directoryCaPem, contact, termsOfServiceAgreed, eab } = this.options;
    const { accounts, box } = this.deps;
    const { AcmeIssuer } = (this.#acme ??= await loadAcme());
    const { sealed, account_url: accountUrl } = await this.#account();
    const context = listenerAccountContext(directoryUrl);
    if (box.needsRewrap(sealed as SealedSecret))
      await accounts.reseal(directoryUrl, box.rewrap(sealed, context));
    return new AcmeIssuer(
      {
        directoryUrl,
        termsOfServiceAgreed,
        accountKeyPem: box.openText(sealed, context),
        ...(directoryCaPem !== undefined && { directoryCaPem }),
        ...(accountUrl !== null && { accountUrl }),
        ...(contact !== undefined && { contact: [contact] }),
        ...(eab && { externalAccountBinding: eab }),
      },
      { onAccount: (url) => accounts.setAccountUrl(directoryUrl, url) },
    );
  }

  async #account(): Promise<ListenerAccount> {
    const { directoryUrl } = this.options;
    const { accounts, box } = this.deps;
    const known = await accounts.find(directoryUrl);
    if (known !== undefined) return known;
    const { generatePrivateKeyPem } = (this.#acme ??= await loadAcme());
    const key = await generatePrivateKeyPem();
    await accounts.addOnce(directoryUrl, box.seal(key, listenerAccountContext(directoryUrl)));
    const stored = await accounts.find(directoryUrl);
    if (stored === undefined) throw new AppError('INTERNAL_ERROR', 'the ACME account cannot be stored');
    return stored;
  }

  #now(): number {
    return (this.deps.clock ?? systemClock).now();
  }
}
