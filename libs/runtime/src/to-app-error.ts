import { AppError } from './errors';
import type { FieldError } from './errors';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Recognised by shape, because a bundle may hold more than one copy of the schema library. */
function schemaIssues(error: unknown): readonly SchemaIssue[] | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { name, issues } = error as { name?: unknown; issues?: unknown };
  return name === 'ZodError' && Array.isArray(issues) ? (issues as SchemaIssue[]) : undefined;
}

/** Schema issues as `errors[{path,msg}]` of a problem document. `path` is dotted; empty for the whole value. */
export function fieldErrors(issues: readonly SchemaIssue[]): FieldError[] {
  return issues.map((issue) => ({ path: issue.path.map(String).join('.'), msg: issue.message }));
}

/**
 * Gives any thrown value a code. An error that is not ours keeps its text to itself: the result's message is the
 * title of its code and the original becomes the `cause`, so the result is always safe to show.
 *
 * Schema errors → VALIDATION_FAILED with `errors`; refused or lost connections → UNAVAILABLE; time limits →
 * TIMEOUT; everything else → INTERNAL_ERROR.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const issues = schemaIssues(error);
  if (issues)
    return new AppError('VALIDATION_FAILED', undefined, {
      meta: { errors: fieldErrors(issues) },
      cause: error,
    });
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  if (typeof code === 'string' && UNREACHABLE.has(code))
    return new AppError('UNAVAILABLE', undefined, { cause: error });
  if (code === 'ETIMEDOUT' || name === 'TimeoutError')
    return new AppError('TIMEOUT', undefined, { cause: error });
  return new AppError('INTERNAL_ERROR', undefined, { cause: error });
}
