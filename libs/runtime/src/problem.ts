import type { AppError, FieldError } from './errors';

/** RFC 9457 problem document, media type `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly correlation_id?: string;
  readonly errors?: readonly FieldError[];
}

/** The document for an answer. Carries the error's message and field errors, never its cause or stack. */
export function toProblem(error: AppError, correlationId?: string): Problem {
  return {
    type: `urn:viw:error:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
    ...(error.meta.errors === undefined ? {} : { errors: error.meta.errors }),
  };
}
