import { AcmeIssuer, generatePrivateKeyPem, type OutboundGuard } from '@viw/acme';
import type { AccountWorkRepository, IssuerAccount } from '@viw/database';
import type { Component } from '@viw/runtime';
import { openBindingKey } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import { accountKeyContext } from '../encryption-contexts';

export interface ApiAccountsOptions {
  /** Where their directories may be. */
  readonly guard: OutboundGuard;
}

export interface ApiAccountsDeps {
  readonly accounts: Pick<AccountWorkRepository, 'keepKey' | 'setAccountUrl'>;
  readonly box: SecretBox;
}

interface Opened {
  readonly revision: number;
  readonly issuer: Promise<AcmeIssuer>;
}

/** Accounts that the API has made, opened on first use and again after each change. MUST be safe for concurrent use. */
export class ApiAccounts implements Component {
  readonly name = 'opened-accounts';
  readonly #opened = new Map<string, Opened>();
  /** Of former revisions: what still works with one is not cut off. */
  readonly #former: Promise<AcmeIssuer>[] = [];

  constructor(
    private readonly options: ApiAccountsOptions,
    private readonly deps: ApiAccountsDeps,
  ) {}

  start(): void {
    // Opened by the first use.
  }

  async stop(): Promise<void> {
    const all = [...this.#former, ...[...this.#opened.values()].map(({ issuer }) => issuer)];
    await Promise.allSettled(all.map(async (issuer) => (await issuer).close()));
  }

  /** Its key is made now if nobody has made it. @throws AppError INTERNAL_ERROR for secrets that do not open */
  open(account: IssuerAccount): Promise<AcmeIssuer> {
    const { id, revision } = account;
    const known = this.#opened.get(id);
    if (known?.revision === revision) return known.issuer;
    if (known) this.#former.push(known.issuer);
    const issuer = this.#open(account).catch((error: unknown) => {
      this.#opened.delete(id);
      throw error;
    });
    this.#opened.set(id, { revision, issuer });
    return issuer;
  }

  async #open(account: IssuerAccount): Promise<AcmeIssuer> {
    const { accounts, box } = this.deps;
    const { id, directory_ca, account_url, eab_kid, eab_key_sealed } = account;
    const context = accountKeyContext(id);
    const sealed =
      account.key_sealed ??
      (await accounts.keepKey(id, box.seal(await generatePrivateKeyPem(account.key_type), context)));
    return new AcmeIssuer(
      {
        directoryUrl: account.directory_url,
        accountKeyPem: box.openText(sealed, context),
        contact: account.contact,
        guard: this.options.guard,
        // The API takes no account without.
        termsOfServiceAgreed: true,
        ...(directory_ca !== null && { directoryCaPem: directory_ca }),
        ...(account_url !== null && { accountUrl: account_url }),
        ...(eab_kid !== null && {
          externalAccountBinding: { kid: eab_kid, hmacKey: openBindingKey(box, id, eab_key_sealed) },
        }),
      },
      { onAccount: (url) => accounts.setAccountUrl(id, url) },
    );
  }
}
