import { acmeError, combineFailures } from './acme-errors';
import { parseProblem, parseRetryAfter } from './problem';

const urn = (type: string): string => `urn:ietf:params:acme:error:${type}`;

describe('acmeError', () => {
  it.each([
    ['rateLimited', 429, 'ACME_RATE_LIMITED', true, 'at'],
    ['badNonce', 400, 'ACME_UNAVAILABLE', true, 'soon'],
    ['serverInternal', 500, 'ACME_UNAVAILABLE', true, 'soon'],
    ['unauthorized', 403, 'ACME_REFUSED', true, 'slow'],
    ['dns', 400, 'ACME_REFUSED', true, 'slow'],
    ['connection', 400, 'ACME_REFUSED', true, 'slow'],
    ['caa', 403, 'ACME_REFUSED', false, 'never'],
    ['badCSR', 400, 'ACME_REFUSED', false, 'never'],
    ['rejectedIdentifier', 400, 'ACME_REFUSED', false, 'never'],
    ['somethingNew', 400, 'ACME_REFUSED', false, 'never'],
    ['somethingNew', 502, 'ACME_UNAVAILABLE', true, 'soon'],
    // A rate limit is never permanent, whatever type a CA gives it.
    ['malformed', 429, 'ACME_RATE_LIMITED', true, 'at'],
  ])('%s with status %i is %s', (type, status, code, retryable, retry) => {
    const error = acmeError(parseProblem({ type: urn(type), detail: 'words' }, status));
    expect(error).toMatchObject({
      code,
      retryable,
      meta: { problem_type: type, http_status: status, retry },
    });
  });

  it('keeps the time the CA named, and the subproblems', () => {
    const body = {
      type: urn('rateLimited'),
      detail: 'too many\ncertificates',
      subproblems: [
        { type: urn('caa'), detail: 'forbidden', identifier: { type: 'dns', value: 'a.example' } },
      ],
    };
    const error = acmeError(parseProblem(body, 429, '120'));
    expect(error.message).toBe('too many certificates (rateLimited); a.example: forbidden (caa)');
    expect(error.meta.retry_after_s).toBeGreaterThan(110);
    expect(error.meta['subproblems']).toEqual([
      { type: 'caa', detail: 'forbidden', identifier: 'a.example' },
    ]);
  });

  it('treats 503 with a time as a rate limit, and without as an outage', () => {
    expect(acmeError(parseProblem({}, 503, '60')).code).toBe('ACME_RATE_LIMITED');
    expect(acmeError(parseProblem({}, 503)).code).toBe('ACME_UNAVAILABLE');
  });

  it('gives a rate limit without a time one hour', () => {
    expect(acmeError(parseProblem({ type: urn('rateLimited') }, 429)).meta.retry_after_s).toBe(3600);
  });

  it.each([undefined, null, '<html>', 7, [], { type: 3, detail: {}, subproblems: 'x', identifier: null }])(
    'survives a body of %j',
    (body) => {
      expect(acmeError(parseProblem(body, 500)).message).toBe('HTTP 500 (unknown)');
    },
  );

  it('combines failures under the one that needs a person most', () => {
    const slow = acmeError({
      ...parseProblem({ type: urn('dns'), detail: 'x' }, 400),
      identifier: 'a.example',
    });
    const never = acmeError({
      ...parseProblem({ type: urn('caa'), detail: 'y' }, 403),
      identifier: 'b.example',
    });
    const both = combineFailures([slow, never]);
    expect(both).toMatchObject({ retryable: false, message: 'b.example: y (caa); a.example: x (dns)' });
    expect(both.meta['failed_identifiers']).toEqual(['a.example', 'b.example']);
  });
});

describe('parseRetryAfter', () => {
  const now = new Date('2030-01-01T00:00:00Z');
  it.each([
    ['90', '2030-01-01T00:01:30.000Z'],
    ['Tue, 01 Jan 2030 00:00:10 GMT', '2030-01-01T00:00:10.000Z'],
    ['Mon, 31 Dec 2029 00:00:00 GMT', undefined],
    ['2419200', '2030-01-08T00:00:00.000Z'],
    ['Mon, 28 Jan 2030 00:00:00 GMT', '2030-01-08T00:00:00.000Z'],
    ['99999999999', undefined],
    ['9'.repeat(400), undefined],
    ['-5', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('%s', (value, expected) => {
    expect(parseRetryAfter(value, now)?.toISOString()).toBe(expected);
  });
});
