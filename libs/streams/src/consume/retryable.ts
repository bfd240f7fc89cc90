import { AppError, isError } from '@viw/runtime';

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
]);

/**
 * SQLSTATE (PostgreSQL documentation, appendix A) that tells of the server, not of the entry: connection (08),
 * resources (53), operator intervention (57P), serialization and deadlock, a standby after a failover (25006), a
 * transaction that stood still for too long (25P03, 25P04), locks (55), system errors (58). Access and schema (28, 3D, 42501, 42P01, 42703, 42883) too: a missing grant or a migration
 * under way would otherwise dead-letter a whole stream.
 */
const SQLSTATE =
  /^(08...|53...|57P..|57014|40001|40P01|25006|25P03|25P04|55...|58...|28...|3D...|42501|42P01|42703|42883)$/;

/** What node-postgres and ioredis throw without a code when a connection is lost or not to be had. */
const LOST_CONNECTION =
  /^(Connection terminated|Connection is closed|Connection ended|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired$|Query read timeout|Command timed out|Command aborted due to connection close|Stream isn't writeable|Socket timeout|Reached the max retries per request)/i;

/** Redis answers that pass by themselves or once an operator acts; none of them depends on the entry. */
const REDIS_STATE =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM|UNBLOCKED)\b/;

const MAX_CAUSES = 5;

/**
 * Whether the same work may succeed later without anybody changing the entry. An `AppError` knows it itself, except
 * that INTERNAL_ERROR, being a wrapper for what is not understood, is judged by its cause.
 */
export function isRetryable(error: unknown, depth = 0): boolean {
  if (!isError(error) || depth > MAX_CAUSES) return false;
  if (error instanceof AppError && (error.retryable || error.code !== 'INTERNAL_ERROR'))
    return error.retryable;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (NETWORK.has(code) || SQLSTATE.test(code))) return true;
  if (LOST_CONNECTION.test(error.message) || REDIS_STATE.test(error.message)) return true;
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors) && errors.some((each) => isRetryable(each, depth + 1))) return true;
  return isRetryable(error.cause, depth + 1);
}
