import { ApiError, UnexpectedAnswerError, UnreachableError } from '@viw/client';
import { AppError } from '@viw/runtime';
import { failureOf, OutcomeUnknown } from './failure';

const caused = (code: string): Error => Object.assign(new Error('canary'), { code });
const unreached = (code: string, method = 'GET') =>
  new UnreachableError('POST /x: no answer', {
    method,
    cause: new TypeError('fetch failed', { cause: caused(code) }),
  });
const refusal = (status: number, code: string, retryAfterS?: number) =>
  new ApiError(
    { type: 'about:blank', title: 'Refused', status, code, detail: 'why', correlation_id: 'c-1' },
    retryAfterS,
  );

it.each([
  [new AppError('BAD_REQUEST', 'no'), 2, 'BAD_REQUEST'],
  [new AppError('CONFIG_INVALID', 'no'), 2, 'CONFIG_INVALID'],
  [new AppError('UNAVAILABLE', 'broke off'), 3, 'UNAVAILABLE'],
  [new AppError('TIMEOUT', 'goes on'), 1, 'TIMEOUT'],
  [refusal(403, 'FORBIDDEN'), 1, 'FORBIDDEN'],
  [refusal(429, 'QUEUE_FULL'), 1, 'QUEUE_FULL'],
  [refusal(503, 'UNAVAILABLE'), 3, 'UNAVAILABLE'],
  [refusal(502, 'HTTP_502'), 3, 'HTTP_502'],
  [refusal(500, 'INTERNAL_ERROR'), 1, 'INTERNAL_ERROR'],
  [unreached('ECONNREFUSED'), 3, 'UNREACHABLE'],
  [new UnexpectedAnswerError('GET /x: no JSON'), 1, 'UNEXPECTED_ANSWER'],
  [caused('EIO'), 1, 'INTERNAL_ERROR'],
])('%s is exit status %i, %s', (error, exit, code) => {
  const failure = failureOf(error);
  expect(failure).toMatchObject({ exit, code });
  // What nobody has foreseen may quote a secret.
  expect(JSON.stringify(failure)).not.toContain('canary');
});

it.each([
  [refusal(401, 'UNAUTHENTICATED'), /revoked or expired/],
  [refusal(429, 'RATE_LIMITED', 7), /in 7 s/],
  [refusal(301, 'HTTP_301'), /VIW_URL leads elsewhere/],
  [unreached('ENOTFOUND'), /VIW_URL is not known/],
  [unreached('DEPTH_ZERO_SELF_SIGNED_CERT'), /VIW_CA_FILE/],
  [unreached('UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'POST'), /^Nobody that is trusted/],
  [unreached('ECONNRESET', 'POST'), /^Whether it took effect is not known/],
  [unreached('ECONNRESET'), /^Is VIW_URL right/],
])('says of %s what can be done', (error, advice) => {
  expect(failureOf(error).advice).toMatch(advice);
});

it('of a command without an answer names the id that finds it', () => {
  expect(
    failureOf(new OutcomeUnknown('viw commands show gw id', 'id', unreached('ECONNRESET', 'POST'))),
  ).toEqual({
    exit: 3,
    code: 'UNREACHABLE',
    title: 'The backend cannot be reached',
    detail: 'ECONNRESET',
    advice: 'Whether it was accepted is not known: viw commands show gw id',
    correlation_id: 'id',
  });
});
