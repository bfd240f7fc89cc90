import type { AcmeRetry } from '@viw/acme';
import { nextAttempt } from '@viw/acme';
import type { AcmeAccountFailure } from '@viw/contracts';
import type { AccountWork } from '@viw/database';
import { toAppError } from '@viw/runtime';
import { failureOf } from '../operation/failure';

const CHANGE = 'PATCH /api/v1/acme-accounts/:id tries again at once.';

const YOU_CAN: Readonly<Record<string, string>> = {
  externalAccountRequired: `The CA asks for an external account binding: create one there, and give its key id and MAC key. ${CHANGE}`,
  userActionRequired: 'The CA has new terms: read them, and agree to them where it says.',
  invalidContact: `The CA does not accept a contact address: correct it. ${CHANGE}`,
  unsupportedContact: `The CA does not accept this kind of contact: correct it. ${CHANGE}`,
  badSignatureAlgorithm:
    'The CA does not accept this kind of account key: delete the account, and make it with another key type.',
  badPublicKey:
    'The CA does not accept this account key: delete the account, and make it with another key type.',
  unauthorized: `The CA does not take this account: its external account binding is wrong or used up, or the account was closed there. Give a new binding. ${CHANGE}`,
  malformed: `The CA does not understand the request: look whether the external account binding is right. ${CHANGE}`,
};

const VIW_DOES: Readonly<Record<AcmeRetry, string>> = {
  soon: 'viw tries again by itself.',
  at: 'viw waits until the CA allows another attempt, then tries again by itself.',
  slow: 'viw tries again by itself, ever more slowly.',
  never: 'viw has stopped: the same request would be refused again.',
};

const isRetry = (value: unknown): value is AcmeRetry =>
  typeof value === 'string' && Object.hasOwn(VIW_DOES, value);

/**
 * What becomes of a registration or deactivation that has failed, in words. A deactivation is given up by nobody.
 * @param random in [0, 1), for the jitter of the next attempt
 */
export function accountFailure(
  error: unknown,
  { wanted, attempts }: Pick<AccountWork, 'wanted' | 'attempts'>,
  now: Date,
  random: number,
): { failure: AcmeAccountFailure; nextAttemptAt: string | null } {
  const { code, msg } = failureOf(error);
  const { meta } = toAppError(error);
  const told = isRetry(meta['retry']) ? meta['retry'] : 'slow';
  const retry = wanted === 'deactivate' && told === 'never' ? 'slow' : told;
  const named = meta['retry_at'];
  const retryAt = typeof named === 'string' ? { retryAt: new Date(named) } : {};
  const type = meta['problem_type'];
  const problem = typeof type === 'string' && type !== 'none' ? type : null;
  const advice = problem !== null && Object.hasOwn(YOU_CAN, problem) ? YOU_CAN[problem] : undefined;
  return {
    failure: {
      at: now.toISOString(),
      code,
      problem_type: problem,
      went_wrong: msg,
      viw_does: VIW_DOES[retry],
      you_can: advice ?? (retry === 'never' ? `Remove the cause. ${CHANGE}` : null),
    },
    nextAttemptAt: nextAttempt({ retry, failures: attempts, ...retryAt }, now, random)?.toISOString() ?? null,
  };
}
