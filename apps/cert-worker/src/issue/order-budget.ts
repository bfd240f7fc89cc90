import type { Allowance, IssuanceHistoryRepository } from '@viw/database';
import { AppError } from '@viw/runtime';

export interface OrderLimits {
  /** Of the account. */
  readonly orders: Allowance;
  /** Certificates for exactly the same names. */
  readonly duplicates: Allowance;
  /** Per name. */
  readonly failedValidations: Allowance;
}

const HOUR_S = 3_600;

/** By the host of a directory; a CA that is not here has no limits that viw knows. https://letsencrypt.org/docs/rate-limits/ */
const KNOWN_LIMITS: Readonly<Record<string, OrderLimits>> = {
  'acme-v02.api.letsencrypt.org': {
    orders: { limit: 300, seconds: 3 * HOUR_S },
    duplicates: { limit: 5, seconds: 7 * 24 * HOUR_S },
    failedValidations: { limit: 5, seconds: HOUR_S },
  },
};

export const limitsOf = (directoryUrl: string): OrderLimits | undefined => {
  const { hostname } = new URL(directoryUrl);
  return Object.hasOwn(KNOWN_LIMITS, hostname) ? KNOWN_LIMITS[hostname] : undefined;
};

/** Refuses here what the CA would refuse, before it counts: its limits are shared by everybody who orders for a name. */
export class OrderBudget {
  constructor(
    private readonly options: { readonly limits: OrderLimits | undefined },
    private readonly deps: { readonly issuances: IssuanceHistoryRepository },
  ) {}

  /** To be asked before a new order. @throws AppError ACME_RATE_LIMITED with the time when there is room again */
  async assertRoom(names: readonly string[]): Promise<void> {
    const { limits } = this.options;
    const { issuances } = this.deps;
    if (!limits) return;
    const { orders, duplicates, failedValidations } = limits;
    const about = (what: string, { limit, seconds }: Allowance) =>
      `${limit} ${what} in ${seconds >= 86_400 ? `${seconds / 86_400} days` : `${seconds / 3_600} h`}`;
    assertFree(await issuances.ordersFreeAt(orders), about('orders', orders));
    assertFree(
      await issuances.duplicatesFreeAt(names, duplicates),
      about('certificates for the same names', duplicates),
    );
    for (const name of names)
      assertFree(
        await issuances.failedValidationsFreeAt(name, failedValidations),
        about(`failed validations of ${name}`, failedValidations),
      );
  }
}

function assertFree(freeAt: string | undefined, what: string): void {
  if (freeAt === undefined) return;
  const retry_after_s = Math.max(0, Math.ceil((Date.parse(freeAt) - Date.now()) / 1_000));
  throw new AppError('ACME_RATE_LIMITED', `the CA allows ${what}, and they are used up: it was not asked`, {
    meta: { problem_type: 'none', retry: 'at', retry_at: freeAt, retry_after_s },
  });
}
