import { isError } from '@viw/runtime';

const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const passing = new Set(['40001', '40P01', '57014', '55P03', '25P03', '25P04']);

/** Texts of the driver's own errors, which carry no code. */
const driver =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|Cannot use a pool after calling end)/;

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
};

/**
 * True when the same statement may succeed later without anybody changing it: Postgres away, starting, out of resources
 * (SQLSTATE 08*, 53*, 57P*), a serialisation failure or deadlock (40001, 40P01), a cancelled statement or lock wait
 * (57014, 55P03), a transaction that this process let lie for too long (25P03, 25P04), a role whose connection is refused for the moment, or the network. Never a reason to set an entry aside.
 */
export function isRetryableDatabaseError(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) {
    if (/^(08|53|57P)/.test(code) || passing.has(code)) return true;
    if (network.has(code)) return true;
  }
  const { errors } = (error ?? {}) as { errors?: unknown };
  if (Array.isArray(errors) && errors.some(isRetryableDatabaseError)) return true;
  return isError(error) && driver.test(error.message);
}

/** SQLSTATE 23505; of the named index or constraint when one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    codeOf(error) === '23505' &&
    (constraint === undefined || (error as { constraint?: unknown }).constraint === constraint)
  );
}

/** SQLSTATE 23514, of the named constraint. */
export function isCheckViolation(error: unknown, constraint: string): boolean {
  return codeOf(error) === '23514' && (error as { constraint?: unknown }).constraint === constraint;
}

/** SQLSTATE class 22: a value that Postgres can store in no row, however often it is tried. */
export function isDataException(error: unknown): boolean {
  return /^22[0-9A-Z]{3}$/.test(codeOf(error) ?? '');
}

/** SQLSTATE 23503: a row that is referred to is missing, or the row to delete is still referred to. */
export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === '23503';
}
