import type { Issuer } from '@viw/acme';
import { environmentIssuers, privateCaIssuer } from '@viw/contracts';
import type { AccountWorkRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { OrderBudget } from '../issue/order-budget';
import type { Rehearsal } from '../issue/rehearsal';
import type { ApiAccounts } from './api-accounts';

/** How the certificates of an issuer are made. */
export interface IssuerInService {
  readonly issuer: Issuer;
  /** It has names proved, so a challenge is needed. */
  readonly proves: boolean;
  readonly profile?: string | undefined;
  readonly preferredChain?: string | undefined;
  /** Of CAs whose limits are known. */
  readonly budget?: Pick<OrderBudget, 'assertRoom'> | undefined;
  readonly rehearsal?: Pick<Rehearsal, 'run'> | undefined;
}

export interface IssuersDeps {
  /** Of this worker's configuration. */
  readonly environment: () => Promise<IssuerInService>;
  readonly privateCa: Issuer;
  readonly accounts: Pick<AccountWorkRepository, 'byIssuer'>;
  readonly opened: Pick<ApiAccounts, 'open'>;
  /** What goes with an account at this directory. */
  readonly atDirectory: (
    issuer: string,
    directoryUrl: string,
  ) => Promise<Pick<IssuerInService, 'budget' | 'rehearsal'>>;
}

/** Issuers by the name that certificates give. MUST be safe for concurrent use. */
export class Issuers {
  constructor(private readonly deps: IssuersDeps) {}

  /** @throws AppError NOT_IMPLEMENTED for a name that nobody has; what opening the account throws */
  async of(name: string): Promise<IssuerInService> {
    const { environment, privateCa, accounts, opened, atDirectory } = this.deps;
    if (name === environmentIssuers.main) return environment();
    if (name === privateCaIssuer) return { issuer: privateCa, proves: false };
    const account = await accounts.byIssuer(name);
    if (!account)
      throw new AppError(
        'NOT_IMPLEMENTED',
        `there is no account of the issuer ${name}: it is made by POST /api/v1/acme-accounts`,
      );
    return {
      issuer: await opened.open(account),
      proves: true,
      profile: account.profile ?? undefined,
      preferredChain: account.preferred_chain ?? undefined,
      ...(await atDirectory(account.issuer, account.directory_url)),
    };
  }
}
