import type { OutboundGuard } from '@viw/acme';
import { environmentIssuers } from '@viw/contracts';
import type { Component, Logger } from '@viw/runtime';
import { PeriodicTask } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { AcmeAccount } from './issue/acme-account';
import { OrderBudget, limitsOf } from './issue/order-budget';
import { Rehearsal, stagingOf } from './issue/rehearsal';
import { AccountRegistrations } from './issuers/account-registrations';
import { ApiAccounts } from './issuers/api-accounts';
import { Issuers } from './issuers/issuers';
import { PrivateCaIssuer } from './private-ca/private-ca-issuer';
import { WebAuthorityKey } from './private-ca/web-authority-key';
import { WebRevocationList } from './private-ca/web-revocation-list';
import type { repositoriesOf } from './repositories';

/** How soon an account that somebody has made or changed is registered, milliseconds. */
const ACCOUNTS_EVERY_MS = 1_000;
const PRIVATE_CA_EVERY_MS = 2_000;
const DESCRIBE_EVERY_MS = 60_000;

export interface IssuersOptions {
  readonly environment: AcmeAccount;
  readonly directoryUrl: string;
  readonly staging: AcmeAccount | undefined;
  readonly profile: string | undefined;
  readonly preferredChain: string | undefined;
  /** An account of this worker's configuration at another staging directory. */
  readonly stagingAt: (directoryUrl: string) => AcmeAccount;
  readonly privateCaDays: number;
  /** Where directories of the API's accounts may be. */
  readonly accountGuard: OutboundGuard;
}

export interface IssuersBuildDeps {
  readonly store: ReturnType<typeof repositoriesOf>;
  readonly box: SecretBox;
  readonly logger: Logger;
}

/** Whoever issues, and what keeps their accounts and the private CA going. */
export function buildIssuers(
  {
    environment,
    directoryUrl,
    staging,
    stagingAt,
    profile,
    preferredChain,
    privateCaDays,
    accountGuard,
  }: IssuersOptions,
  { store, box, logger }: IssuersBuildDeps,
): { issuers: Issuers; components: Component[] } {
  const accounts = store.accountWork;
  const opened = new ApiAccounts({ guard: accountGuard }, { accounts, box });
  const authorities = store.webAuthorities;
  const key = new WebAuthorityKey({ authorities, box });
  const list = new WebRevocationList({ authorities, key, logger });
  const rehearsal = staging && new Rehearsal({ account: staging });
  const stagings = new Map<string, AcmeAccount>();
  /** Undefined: viw knows of no staging of this CA. */
  const rehearsalFor = (at: string): Rehearsal | undefined => {
    const url = stagingOf(at);
    if (url === undefined) return undefined;
    if (url === stagingOf(directoryUrl) && rehearsal) return rehearsal;
    const account = stagings.get(url) ?? stagingAt(url);
    stagings.set(url, account);
    return new Rehearsal({ account });
  };
  const budgetOf = async (issuer: string, at: string) =>
    new OrderBudget(
      { limits: limitsOf(at), issuer, sameCa: [issuer, ...(await accounts.issuersAt(at))] },
      { issuances: store.issuances },
    );
  const issuers = new Issuers({
    environment: async () => ({
      issuer: await environment.issuer(),
      proves: true,
      profile,
      preferredChain,
      budget: await budgetOf(environmentIssuers.main, directoryUrl),
      rehearsal,
    }),
    privateCa: new PrivateCaIssuer({ days: privateCaDays }, { key, list, authorities }),
    accounts,
    opened,
    atDirectory: async (issuer, at) => ({
      budget: await budgetOf(issuer, at),
      rehearsal: rehearsalFor(at),
    }),
  });
  const registrations = new AccountRegistrations({ accounts, opened, logger });
  const describe = async () => {
    await environment.describe();
    await staging?.describe();
  };
  return {
    issuers,
    components: [
      opened,
      {
        name: 'staging-accounts',
        start: () => undefined,
        stop: async () => void (await Promise.all([...stagings.values()].map((account) => account.stop()))),
      },
      new PeriodicTask(
        { name: 'acme-accounts', everyMs: ACCOUNTS_EVERY_MS, failureEvent: 'acme_accounts_failed' },
        { run: (signal) => registrations.runAll(signal), logger },
      ),
      new PeriodicTask(
        {
          name: 'environment-accounts',
          everyMs: DESCRIBE_EVERY_MS,
          failureEvent: 'environment_accounts_failed',
        },
        { run: describe, logger },
      ),
      new PeriodicTask(
        { name: 'private-ca', everyMs: PRIVATE_CA_EVERY_MS, failureEvent: 'private_ca_failed' },
        {
          run: async () => {
            await key.ensureRequested();
            if (await key.isCertified()) await list.publish();
          },
          logger,
        },
      ),
    ],
  };
}
