import { AppError } from './errors';
import { isError } from './is-error';
import { redactText } from './redact-text';

export interface ErrorDescription {
  readonly type: string;
  readonly message?: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly meta?: unknown;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

const MAX_CAUSES = 4;

const codeOf = (error: Error): string | undefined => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
};

/** JSON.parse quotes its input in the message; that input may be a secret. */
function safeMessage(error: Error): string {
  if (error.name === 'SyntaxError' && error.message.includes('JSON')) return 'not valid JSON';
  return redactText(error.message);
}

/** Texts of unknown origin (drivers, parsers, peers) may quote what they were given; these three cannot. */
function hasTrustedMessage(error: Error): boolean {
  return (
    error instanceof AppError ||
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    'syscall' in error
  );
}

const framesOf = (error: Error): string => {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
};

function describe(error: Error, isCause: boolean, remaining: number): ErrorDescription {
  const type = error.constructor.name || error.name;
  const message = !isCause || hasTrustedMessage(error) ? safeMessage(error) : undefined;
  const code = codeOf(error);
  const cause =
    isError(error.cause) && remaining > 0 ? describe(error.cause, true, remaining - 1) : undefined;
  return {
    type,
    ...(message === undefined ? {} : { message }),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof AppError ? { retryable: error.retryable, meta: error.meta } : {}),
    stack: `${type}${message === undefined ? '' : `: ${message}`}\n${framesOf(error)}`,
    ...(cause === undefined ? {} : { cause }),
  };
}

/**
 * An error as a log field: type, message, code, stack. Other properties (statements, parameters, request bodies that
 * drivers attach) are left out. Of causes: type, code and place; their text only where it cannot quote any input.
 */
export function describeError(error: Error): ErrorDescription {
  return describe(error, false, MAX_CAUSES);
}
