import { acmeError, parseProblem } from '@viw/acme';
import { AppError } from '@viw/runtime';
import { failureOf, isPassing } from './failure';

const refusal = (type: string, retryAfter?: string) =>
  acmeError(parseProblem({ type: `urn:ietf:params:acme:error:${type}`, detail: 'said so' }, 400, retryAfter));

describe('isPassing', () => {
  it.each([
    ['a lost connection to Postgres', new Error('Connection terminated unexpectedly'), true],
    ['a refused connection of ours', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), true],
    ['the lease lost', new AppError('CONFLICT'), true],
    ['the stop', new AppError('UNAVAILABLE'), true],
    ['a CA that is away', new AppError('ACME_UNAVAILABLE'), false],
    ['a server that is away', new AppError('SSH_FAILED'), false],
    ['a secret that does not open', new AppError('INTERNAL_ERROR'), false],
    ['a fault of ours', new TypeError('x is undefined'), false],
  ])('%s: %p → %p', (_, error, expected) => expect(isPassing(error)).toBe(expected));
});

describe('failureOf', () => {
  it.each([
    ['connection', 'said so (connection) [repair the cause, then try again]'],
    ['caa', 'said so (caa) [the same request will be refused again]'],
    ['serverInternal', 'said so (serverInternal) [may pass by itself: try again]'],
  ])('tells what another attempt needs after %s', (type, msg) => {
    expect(failureOf(refusal(type)).msg).toBe(msg);
  });

  it('names the time that the CA named', () => {
    const { code, msg } = failureOf(refusal('rateLimited', '3600'));
    expect(code).toBe('ACME_RATE_LIMITED');
    expect(msg).toMatch(/^said so \(rateLimited\) \[try again after \d{4}-\d\d-\d\dT[\d:.]+Z\]$/);
  });

  it('stays within the contract and keeps keys out', () => {
    const key = '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----';
    const { msg } = failureOf(new AppError('SSH_FAILED', `${key} ${'x'.repeat(3_000)}`));
    expect(msg).toHaveLength(2_000);
    expect(msg).not.toContain('canary');
  });

  it('keeps the text of foreign errors to itself', () => {
    expect(failureOf(new Error('select secret'))).toEqual({ code: 'INTERNAL_ERROR', msg: 'Internal error' });
  });
});
