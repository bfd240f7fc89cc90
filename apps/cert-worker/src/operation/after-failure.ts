import type { AcmeRetry } from '@viw/acme';
import { nextAttempt, whatYouCanDo } from '@viw/acme';
import type { NextAttempt, OperationWork } from '@viw/database';
import type { ErrorCode } from '@viw/runtime';
import { toAppError } from '@viw/runtime';

interface Row {
  readonly retry: AcmeRetry;
  readonly youCan?: string;
}

/** Failures that no CA speaks of. What is not here is tried again, ever more slowly. */
const BY_CODE: Partial<Record<ErrorCode, Row>> = {
  HOST_KEY_MISMATCH: {
    retry: 'never',
    youCan:
      'Find out why the server shows another host key. If it was reinstalled, confirm the new fingerprint; then deploy.',
  },
  DEPLOY_REFUSED: { retry: 'never', youCan: 'Do what is said above, then deploy.' },
  NOT_FOUND: { retry: 'never' },
  NOT_IMPLEMENTED: { retry: 'never', youCan: 'Choose an issuer and a challenge that this installation has.' },
  NGINX_CONFIG_INVALID: { retry: 'slow', youCan: 'Repair the NGINX configuration of the server.' },
  SERVICE_CONFIG_INVALID: { retry: 'slow', youCan: 'Repair the configuration of the service on the server.' },
  DEPLOY_NOT_PROVEN: {
    retry: 'slow',
    youCan:
      'Check that the listener of the virtual host is right and that the reload command reloads this NGINX.',
  },
  SSH_FAILED: {
    retry: 'slow',
    youCan: 'Check that the server can be reached over SSH and still lets the credential in.',
  },
};

const isRetry = (value: unknown): value is AcmeRetry =>
  value === 'soon' || value === 'at' || value === 'slow' || value === 'never';

/**
 * What becomes of an operation that has failed: when viw tries again, in whose hands it is, and what a person can do.
 * @param random in [0, 1), for the jitter of the next attempt
 */
export function afterFailure(
  error: unknown,
  { kind, failures, not_after }: Pick<OperationWork, 'kind' | 'failures' | 'not_after'>,
  now: Date,
  random: number,
): NextAttempt {
  const { code, meta } = toAppError(error);
  const type = meta['problem_type'];
  const problemType = typeof type === 'string' && type !== 'none' ? type : undefined;
  const known: Row = isRetry(meta['retry']) ? { retry: meta['retry'] } : (BY_CODE[code] ?? { retry: 'slow' });
  // A revocation is given up by nobody: until it is done the certificate is good for whoever has its key.
  const row: Row = kind === 'revoke' && known.retry === 'never' ? { ...known, retry: 'slow' } : known;
  const named = meta['retry_at'];
  const at = nextAttempt(
    {
      retry: row.retry,
      failures: failures + 1,
      ...(typeof named === 'string' && { retryAt: new Date(named) }),
      ...(not_after !== null && { notAfter: new Date(not_after) }),
    },
    now,
    random,
  );
  return {
    retry_at: at?.toISOString() ?? null,
    problem_type: problemType ?? null,
    viw_does: VIW_DOES[row.retry],
    you_can:
      row.youCan ??
      // Validations name what they are about; a refusal to revoke does not.
      (kind === 'revoke' && problemType === 'unauthorized' && meta['identifier'] === undefined
        ? ONLY_WHO_ORDERED
        : undefined) ??
      whatYouCanDo(problemType) ??
      (row.retry === 'never' ? 'Remove the cause, then renew.' : null) ??
      (known.retry === 'never' ? 'Remove the cause: the revocation goes on by itself.' : null),
  };
}

const ONLY_WHO_ORDERED =
  'A CA revokes for the account that ordered: this certificate was ordered by another account or at another CA. Revoke it there.';

const VIW_DOES: Record<AcmeRetry, string> = {
  soon: 'viw tries again by itself.',
  at: 'viw waits until the CA allows another attempt, then tries again by itself.',
  slow: 'viw tries again by itself, ever more slowly, so that the limits of the CA are not used up.',
  never: 'viw has stopped: the same request would be refused again.',
};
