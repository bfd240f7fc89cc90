import { AppError, foreignText, redactText, toAppError } from '@viw/runtime';
import { isRetryable } from '@viw/streams';

/** How an operation ended badly, as it is stored, streamed and shown. */
export interface Failure {
  readonly code: string;
  readonly msg: string;
}

/** Ours and passing: Postgres or Redis away, the worker stopping, the lease lost. What a CA or a server did is not. */
const PASSING = new Set<AppError['code']>(['UNAVAILABLE', 'TIMEOUT', 'CONFLICT']);

const MAX_WORDS = 2_000;

/** Whether the operation is to be taken up again as it stands, instead of ending it. */
export const isPassing = (error: unknown): boolean =>
  error instanceof AppError ? PASSING.has(error.code) : isRetryable(error);

/** The words of the error and, where it says so, what another attempt needs. */
export function failureOf(error: unknown): Failure {
  const { code, message, meta } = toAppError(error);
  const words = redactText(message);
  const hint = hintOf(meta['retry'], meta['retry_at']);
  return { code, msg: `${foreignText(words, MAX_WORDS - hint.length)}${hint}` };
}

function hintOf(retry: unknown, at: unknown): string {
  if (typeof at === 'string') return ` [try again after ${at}]`;
  if (retry === 'soon') return ' [may pass by itself: try again]';
  if (retry === 'slow') return ' [repair the cause, then try again]';
  if (retry === 'never') return ' [the same request will be refused again]';
  return '';
}
