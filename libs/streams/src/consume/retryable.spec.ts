import { connect } from 'node:net';
import { AppError } from '@viw/runtime';
import { isRetryable } from './retryable';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });

test.each(['08000', '08006', '53300', '57P01', '57P03', '40001', '40P01', 'ECONNRESET', 'EPIPE', '42P01'])(
  '%s tells of the server',
  (code) => expect(isRetryable(withCode(code))).toBe(true),
);

test.each(['22001', '22P02', '23502', '23505', '42601', 'ERR_INVALID_ARG_TYPE'])(
  '%s tells of the entry',
  (code) => expect(isRetryable(withCode(code))).toBe(false),
);

test('our own errors know it; a wrapper is judged by what it wraps', () => {
  expect(isRetryable(new AppError('UNAVAILABLE'))).toBe(true);
  expect(isRetryable(new AppError('SCHEMA_MISMATCH', 'x', { cause: withCode('ECONNRESET') }))).toBe(false);
  expect(isRetryable(new AppError('INTERNAL_ERROR', 'x', { cause: withCode('57P01') }))).toBe(true);
  expect(isRetryable(new AggregateError([withCode('ECONNREFUSED')]))).toBe(true);
});

test('a connection that the system refuses', async () => {
  // Port 1 is privileged and nobody listens there.
  const error = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve));
  expect(error).toHaveProperty('code', 'ECONNREFUSED');
  expect(isRetryable(error)).toBe(true);
});

test('drivers that throw bare messages for a lost connection', () => {
  for (const message of [
    'Connection terminated unexpectedly',
    'timeout expired',
    'Query read timeout',
    'Connection is closed.',
    'LOADING Redis is loading',
  ]) {
    expect(isRetryable(new Error(message))).toBe(true);
  }
  expect(isRetryable(new TypeError('x is not a function'))).toBe(false);
  expect(isRetryable('text')).toBe(false);
});

test('a cause that leads back to itself ends the search', () => {
  const error = new Error('x');
  error.cause = error;
  expect(isRetryable(error)).toBe(false);
});
