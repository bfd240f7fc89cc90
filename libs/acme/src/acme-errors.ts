import { AppError, type ErrorCode } from '@viw/runtime';
import type { AcmeProblem } from './problem';

/**
 * When another attempt makes sense. `soon`: minutes, the CA or the network had a fault. `at`: not before
 * `meta.retry_at`. `slow`: something on our side of the validation has to be repaired (1 m, 10 m, 100 m, 1 d).
 * `never`: the same request will be refused again until it is changed.
 */
export type AcmeRetry = 'soon' | 'at' | 'slow' | 'never';

interface Row {
  code: Extract<ErrorCode, 'ACME_REFUSED' | 'ACME_RATE_LIMITED' | 'ACME_UNAVAILABLE'>;
  retry: AcmeRetry;
}

const refused = (retry: AcmeRetry): Row => ({ code: 'ACME_REFUSED', retry });

/** Problem types of RFC 8555 section 6.7, RFC 8739, RFC 9773 and RFC 8657's users. */
const BY_TYPE: Record<string, Row> = {
  rateLimited: { code: 'ACME_RATE_LIMITED', retry: 'at' },
  badNonce: { code: 'ACME_UNAVAILABLE', retry: 'soon' },
  serverInternal: { code: 'ACME_UNAVAILABLE', retry: 'soon' },
  orderNotReady: { code: 'ACME_UNAVAILABLE', retry: 'soon' },
  unauthorized: refused('slow'),
  dns: refused('slow'),
  connection: refused('slow'),
  tls: refused('slow'),
  incorrectResponse: refused('slow'),
  compound: refused('slow'),
  accountDoesNotExist: refused('soon'),
  alreadyReplaced: refused('soon'),
  caa: refused('never'),
  badCSR: refused('never'),
  badPublicKey: refused('never'),
  badSignatureAlgorithm: refused('never'),
  rejectedIdentifier: refused('never'),
  unsupportedIdentifier: refused('never'),
  unsupportedContact: refused('never'),
  invalidContact: refused('never'),
  externalAccountRequired: refused('never'),
  userActionRequired: refused('never'),
  malformed: refused('never'),
};

/** Waited after a rate limit for which the CA named no time. */
const DEFAULT_RATE_LIMIT_MS = 3_600_000;

function classify(problem: AcmeProblem): Row {
  const { status, type } = problem;
  if (type === 'rateLimited' || status === 429) return { code: 'ACME_RATE_LIMITED', retry: 'at' };
  if (status === 503 && problem.retryAt) return { code: 'ACME_RATE_LIMITED', retry: 'at' };
  const row = BY_TYPE[type];
  if (row) return row;
  return status >= 500 || status < 400 ? { code: 'ACME_UNAVAILABLE', retry: 'soon' } : refused('never');
}

/**
 * The error for a problem document. The message names the identifier and repeats the CA's words; `meta` has
 * `problem_type`, `http_status`, `retry`, `retry_at` and `retry_after_s` where there is a time, `identifier`, `subproblems`.
 */
export function acmeError(problem: AcmeProblem, cause?: unknown): AppError {
  const { code, retry } = classify(problem);
  const retryAt =
    problem.retryAt ??
    (code === 'ACME_RATE_LIMITED' ? new Date(Date.now() + DEFAULT_RATE_LIMIT_MS) : undefined);
  const about = problem.identifier === undefined ? '' : `${problem.identifier}: `;
  const parts = problem.subproblems.map((sub) => `${sub.identifier ?? '?'}: ${sub.detail} (${sub.type})`);
  const message = `${about}${problem.detail} (${problem.type})${parts.length > 0 ? `; ${parts.join('; ')}` : ''}`;
  return new AppError(code, message, {
    retryable: retry !== 'never',
    meta: {
      problem_type: problem.type,
      http_status: problem.status,
      retry,
      ...(retryAt && {
        retry_at: retryAt.toISOString(),
        retry_after_s: Math.max(0, Math.ceil((retryAt.getTime() - Date.now()) / 1_000)),
      }),
      ...(problem.identifier !== undefined && { identifier: problem.identifier }),
      ...(problem.subproblems.length > 0 && { subproblems: problem.subproblems }),
    },
    ...(cause !== undefined && { cause }),
  });
}

/** No answer came, or none that is ACME. `detail` is ours or the network library's. */
export function acmeUnavailable(detail: string, cause?: unknown): AppError {
  return new AppError('ACME_UNAVAILABLE', detail, {
    meta: { retry: 'soon' },
    ...(cause !== undefined && { cause }),
  });
}

/** What the CA was not even asked for, or offers no way to do. */
export function acmeRefused(detail: string, retry: AcmeRetry, identifier?: string): AppError {
  return new AppError('ACME_REFUSED', detail, {
    retryable: retry !== 'never',
    meta: { problem_type: 'none', retry, ...(identifier !== undefined && { identifier }) },
  });
}

/** Nothing has failed: somebody has to do something first, such as set a record. The order is good for as long. */
export function challengeWaits(detail: string): AppError {
  return new AppError('ACME_UNAVAILABLE', detail, { meta: { retry: 'soon', waits: true } });
}

export const isChallengeWait = (error: unknown): boolean =>
  error instanceof AppError && error.meta['waits'] === true;

const SEVERITY: AcmeRetry[] = ['never', 'at', 'slow', 'soon'];

/** Several names failed: the one that needs a person most gives the code, all of them give the message. */
export function combineFailures(failures: AppError[]): AppError {
  const rank = (error: AppError): number =>
    isChallengeWait(error)
      ? SEVERITY.length
      : SEVERITY.indexOf((error.meta['retry'] as AcmeRetry | undefined) ?? 'soon');
  const [worst, ...rest] = failures.toSorted((a, b) => rank(a) - rank(b));
  if (!worst) throw new RangeError('there is no failure to combine');
  if (rest.length === 0) return worst;
  return new AppError(worst.code, [worst, ...rest].map((error) => error.message).join('; '), {
    retryable: worst.retryable,
    meta: {
      ...worst.meta,
      failed_identifiers: failures.flatMap(({ meta }) =>
        typeof meta['identifier'] === 'string' ? [meta['identifier']] : [],
      ),
    },
    cause: worst,
  });
}
