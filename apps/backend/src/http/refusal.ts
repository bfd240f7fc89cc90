import type { ServerResponse } from 'node:http';
import { isRetryableDatabaseError } from '@viw/database';
import type { Logger } from '@viw/runtime';
import { AppError, toAppError, toProblem } from '@viw/runtime';
import type { RequestFacts } from './route';

/** Errors of the router and its libraries carry a status of their own; ours is the table of codes. */
function classify(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isRetryableDatabaseError(error))
    return new AppError('UNAVAILABLE', 'The database does not answer', {
      meta: { retry_after_s: 2 },
      cause: error,
    });
  if (error instanceof URIError) return new AppError('BAD_REQUEST', 'the path is not valid percent-encoding');
  return toAppError(error);
}

/** Answers with a problem document (RFC 9457). Causes go to the log, never to the caller. */
export function refuse(
  thrown: unknown,
  facts: RequestFacts,
  response: ServerResponse,
  { logger }: { logger: Logger },
): AppError {
  const error = classify(thrown);
  if (error.status >= 500 && error.code !== 'NOT_IMPLEMENTED')
    logger.error(
      { event: 'request_failed', target: facts.target, correlation_id: facts.correlationId, error },
      'request failed',
    );
  if (response.headersSent) {
    response.destroy();
    return error;
  }
  const { retry_after_s: retryAfter, allow } = error.meta;
  if (error.code === 'UNAUTHENTICATED') response.setHeader('WWW-Authenticate', 'Bearer');
  if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter));
  if (Array.isArray(allow)) response.setHeader('Allow', allow.join(', '));
  // What is left of the body is not read: the connection cannot be used again.
  if (!response.req.complete) response.setHeader('Connection', 'close');
  const body = JSON.stringify(toProblem(error, facts.correlationId));
  response.writeHead(error.status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
  return error;
}
