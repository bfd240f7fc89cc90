import type { AccountWork, AccountWorkRepository } from '@viw/database';
import type { Logger } from '@viw/runtime';
import { isPassing } from '../operation/failure';
import { accountFailure } from './account-failure';
import type { ApiAccounts } from './api-accounts';

export interface AccountRegistrationsDeps {
  readonly accounts: Pick<AccountWorkRepository, 'take' | 'done' | 'failed'>;
  readonly opened: Pick<ApiAccounts, 'open'>;
  readonly logger: Logger;
}

/** A worker that took an account and does not say how it ended has lost it by then; a repeated registration finds the first. */
const LEASE_S = 180;

/** Registers, updates and deactivates the accounts that the API has made, each by one worker at a time. */
export class AccountRegistrations {
  constructor(private readonly deps: AccountRegistrationsDeps) {}

  /** Until nothing is asked for any more. @throws an outage of Postgres, or the stop */
  async runAll(signal: AbortSignal): Promise<void> {
    const { accounts } = this.deps;
    while (!signal.aborted) {
      const work = await accounts.take(LEASE_S);
      if (!work) return;
      await this.#run(work, signal);
    }
  }

  async #run(work: AccountWork, signal: AbortSignal): Promise<void> {
    const { accounts, opened, logger } = this.deps;
    const about = { account_id: work.id, issuer: work.issuer, wanted: work.wanted };
    try {
      if (work.wanted === 'register') await (await opened.open(work)).registerAccount(signal);
      // Without a key it was never registered.
      else if (work.key_sealed !== null) await (await opened.open(work)).deactivateAccount(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isPassing(error)) throw error;
      const { failure, nextAttemptAt } = accountFailure(error, work, new Date(), Math.random());
      await accounts.failed(work, failure, nextAttemptAt);
      logger.warn(
        { event: 'acme_account_failed', ...about, error, next_attempt_at: nextAttemptAt },
        'the CA was asked in vain',
      );
      return;
    }
    await accounts.done(work);
    logger.info({ event: 'acme_account_done', ...about }, 'the CA has done it');
  }
}
