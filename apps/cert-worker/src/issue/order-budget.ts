import type { Allowance, IssuanceHistoryRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import { registeredDomain } from './registered-domain';

export interface OrderLimits {
  /** Of the account. */
  readonly orders: Allowance;
  /** Certificates for exactly the same names. */
  readonly duplicates: Allowance;
  /** Per name and account. */
  readonly failedValidations: Allowance;
  /** Certificates for new sets of names, per registered domain. */
  readonly domains: Allowance;
}

/** `replaces`: the order says which certificate it replaces (RFC 9773). `same-names`: another one for names that have one. */
export type RenewalKind = 'replaces' | 'same-names';

const HOUR_S = 3_600;
const WEEK_S = 7 * 24 * HOUR_S;

/** By the host of a directory; a CA that is not here has no limits that viw knows. https://letsencrypt.org/docs/rate-limits/ */
const KNOWN_LIMITS: Readonly<Record<string, OrderLimits>> = {
  'acme-v02.api.letsencrypt.org': {
    orders: { limit: 300, seconds: 3 * HOUR_S },
    duplicates: { limit: 5, seconds: WEEK_S },
    failedValidations: { limit: 5, seconds: HOUR_S },
    domains: { limit: 50, seconds: WEEK_S },
  },
};

export const limitsOf = (directoryUrl: string): OrderLimits | undefined => {
  const { hostname } = new URL(directoryUrl);
  return Object.hasOwn(KNOWN_LIMITS, hostname) ? KNOWN_LIMITS[hostname] : undefined;
};

export interface OrderBudgetOptions {
  readonly limits: OrderLimits | undefined;
  readonly issuer: string;
  /** Issuers with accounts at the same directory, this one included: some limits are not of an account. */
  readonly sameCa: readonly string[];
}

/** Refuses here what the CA would refuse, before it counts: its limits are shared by everybody who orders for a name. */
export class OrderBudget {
  constructor(
    private readonly options: OrderBudgetOptions,
    private readonly deps: { readonly issuances: IssuanceHistoryRepository },
  ) {}

  /**
   * To be asked before a new order. As Let's Encrypt documents it: an order that says what it replaces is exempt from all
   * limits, another renewal from those of orders and of domains.
   * @throws AppError ACME_RATE_LIMITED with the time when there is room again
   */
  async assertRoom(names: readonly string[], renewal?: RenewalKind): Promise<void> {
    const { limits, issuer, sameCa } = this.options;
    const { issuances } = this.deps;
    if (!limits || renewal === 'replaces') return;
    const { orders, duplicates, failedValidations, domains } = limits;
    const about = (what: string, { limit, seconds }: Allowance) =>
      `${limit} ${what} in ${seconds >= 86_400 ? `${seconds / 86_400} days` : `${seconds / 3_600} h`}`;
    if (renewal === undefined)
      assertFree(await issuances.ordersFreeAt(orders, issuer), about('orders', orders));
    assertFree(
      await issuances.duplicatesFreeAt(names, duplicates, sameCa),
      about('certificates for the same names', duplicates),
    );
    for (const name of names)
      assertFree(
        await issuances.failedValidationsFreeAt(name, failedValidations, issuer),
        about(`failed validations of ${name}`, failedValidations),
      );
    if (renewal !== undefined) return;
    for (const domain of new Set(names.map(registeredDomain)))
      assertFree(
        await this.#domainFreeAt(domain, domains),
        about(`certificates for new sets of names below ${domain}`, domains),
      );
  }

  async #domainFreeAt(domain: string, { limit, seconds }: Allowance): Promise<string | undefined> {
    const { issuances } = this.deps;
    const counted = (await issuances.newSetsOfNames(domain, seconds, this.options.sameCa)).filter(
      ({ names }) => names.some((name) => registeredDomain(name) === domain),
    );
    const decisive = counted[limit - 1];
    return decisive && new Date(Date.parse(decisive.at) + seconds * 1_000).toISOString();
  }
}

function assertFree(freeAt: string | undefined, what: string): void {
  if (freeAt === undefined) return;
  const retry_after_s = Math.max(0, Math.ceil((Date.parse(freeAt) - Date.now()) / 1_000));
  const message = `the CA allows ${what}, and they are used up until ${freeAt}: it was not asked`;
  throw new AppError('ACME_RATE_LIMITED', message, {
    meta: { problem_type: 'none', retry: 'at', retry_at: freeAt, retry_after_s },
  });
}
