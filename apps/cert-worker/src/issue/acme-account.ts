import { AcmeIssuer, generatePrivateKeyPem } from '@viw/acme';
import type { AcmeIssuerOptions } from '@viw/acme';
import type { AcmeAccountRepository } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import type { Component } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import { accountKeyContext } from '../encryption-contexts';

export interface AcmeAccountOptions extends Pick<AcmeIssuerOptions, 'directoryUrl' | 'termsOfServiceAgreed'> {
  readonly directoryCaPem?: string | undefined;
  /** `mailto:…`; told to the CA with the registration. */
  readonly contact?: string | undefined;
  /** Shown to people, as the issuer of this account. */
  readonly issuer: string;
  readonly profile?: string | undefined;
  readonly preferredChain?: string | undefined;
  readonly eab?: AcmeIssuerOptions['externalAccountBinding'] | undefined;
}

/**
 * The installation's account at one directory, made on first use and shared by all workers. Its key never leaves
 * Postgres unsealed but into this process's memory.
 */
export class AcmeAccount implements Component {
  readonly name = 'acme-account';
  #issuer: Promise<AcmeIssuer> | undefined;

  constructor(
    private readonly options: AcmeAccountOptions,
    private readonly deps: { accounts: AcmeAccountRepository; box: SecretBox },
  ) {}

  start(): void {
    // Opened by the first certificate: a CA that is away keeps no worker from deploying.
  }

  async stop(): Promise<void> {
    await this.#issuer?.then(
      (issuer) => issuer.close(),
      () => undefined,
    );
  }

  /** Stored, so that people see it before anything is ordered by it. The CA is not asked. */
  async describe(): Promise<void> {
    const { issuer, directoryUrl, directoryCaPem, profile, preferredChain } = this.options;
    const { id } = (await this.deps.accounts.find(directoryUrl)) ?? (await this.#create());
    await this.deps.accounts.describe(id, {
      issuer,
      directory_ca: directoryCaPem ?? null,
      preferred_chain: preferredChain ?? null,
      profile: profile ?? null,
    });
  }

  issuer(): Promise<AcmeIssuer> {
    this.#issuer ??= this.#open().catch((error: unknown) => {
      this.#issuer = undefined;
      throw error;
    });
    return this.#issuer;
  }

  async #open(): Promise<AcmeIssuer> {
    const { directoryUrl, directoryCaPem, contact, termsOfServiceAgreed, eab } = this.options;
    const { accounts, box } = this.deps;
    const account = (await accounts.find(directoryUrl)) ?? (await this.#create());
    return new AcmeIssuer(
      {
        directoryUrl,
        termsOfServiceAgreed,
        accountKeyPem: box.openText(account.key_sealed, accountKeyContext(account.id)),
        contact: account.contact,
        ...(directoryCaPem !== undefined && { directoryCaPem }),
        ...(account.account_url !== null && { accountUrl: account.account_url }),
        ...(contact !== undefined && { contact: [contact] }),
        ...(eab && { externalAccountBinding: eab }),
      },
      { onAccount: (url) => accounts.setAccountUrl(account.id, url) },
    );
  }

  async #create() {
    const { directoryUrl, contact, issuer } = this.options;
    const id = uuidv7();
    return this.deps.accounts.createOnce({
      id,
      issuer,
      directory_url: directoryUrl,
      key_sealed: this.deps.box.seal(await generatePrivateKeyPem(), accountKeyContext(id)),
      contact: contact === undefined ? [] : [contact],
    });
  }
}
