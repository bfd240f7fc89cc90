import { z } from 'zod';
import { AppError, ERROR_TABLE, isErrorCode } from './errors';
import { toProblem } from './problem';
import { toAppError } from './to-app-error';

test('the table decides status, title and retryable', () => {
  const error = new AppError('ACME_RATE_LIMITED');
  expect(error).toMatchObject({
    status: 429,
    retryable: true,
    message: ERROR_TABLE.ACME_RATE_LIMITED.title,
    meta: {},
  });
  expect(new AppError('TIMEOUT', 'x', { retryable: false }).retryable).toBe(false);
});

test('every code has an HTTP error status', () => {
  for (const { status } of Object.values(ERROR_TABLE)) expect(status >= 400 && status < 600).toBe(true);
  expect(isErrorCode('toString')).toBe(false);
});

test('an AppError stays itself', () => {
  const error = new AppError('NOT_FOUND');
  expect(toAppError(error)).toBe(error);
});

test('schema errors become VALIDATION_FAILED with paths', () => {
  const result = z.object({ a: z.object({ b: z.array(z.number()) }) }).safeParse({ a: { b: ['canary'] } });
  const error = toAppError(result.error);
  expect(error.code).toBe('VALIDATION_FAILED');
  expect(error.meta.errors).toEqual([{ path: 'a.b.0', msg: expect.stringContaining('number') as string }]);
  expect(JSON.stringify(error.meta)).not.toContain('canary');
});

test.each([
  [Object.assign(new Error('canary'), { code: 'ECONNREFUSED' }), 'UNAVAILABLE'],
  [Object.assign(new Error('canary'), { code: 'ETIMEDOUT' }), 'TIMEOUT'],
  [AbortSignal.abort(new DOMException('canary', 'TimeoutError')).reason as unknown, 'TIMEOUT'],
  [new Error('canary'), 'INTERNAL_ERROR'],
  ['canary', 'INTERNAL_ERROR'],
  [undefined, 'INTERNAL_ERROR'],
])('%s → %s, its text kept inside', (thrown, code) => {
  const error = toAppError(thrown);
  expect(error.code).toBe(code);
  expect(error.message).not.toContain('canary');
  expect(error.cause).toBe(thrown);
});

test('problem documents carry no cause', () => {
  const error = new AppError('CONFLICT', 'already there', {
    cause: new Error('canary'),
    meta: { errors: [{ path: 'a', msg: 'b' }] },
  });
  expect(toProblem(error, 'c-1')).toEqual({
    type: 'urn:viw:error:conflict',
    title: ERROR_TABLE.CONFLICT.title,
    status: 409,
    detail: 'already there',
    code: 'CONFLICT',
    correlation_id: 'c-1',
    errors: [{ path: 'a', msg: 'b' }],
  });
});
