import { acmeError, acmeRefused, parseProblem } from '@viw/acme';
import { AppError } from '@viw/runtime';
import { afterFailure } from './after-failure';

const now = new Date('2026-01-01T00:00:00Z');
const first = { kind: 'renew', failures: 0, not_after: null } as const;
const problem = (type: string, status = 403) =>
  acmeError(parseProblem({ type: `urn:ietf:params:acme:error:${type}`, detail: 'no' }, status));
const minutes = (at: string | null) => at && (Date.parse(at) - now.getTime()) / 60_000;

describe('afterFailure', () => {
  it.each([
    ['a validation that was refused', problem('connection'), 1, /cert-worker from the internet/],
    ['CAA', problem('caa'), null, /CAA record/],
    ['a refused name', problem('rejectedIdentifier'), null, /remove the name/],
    ['a CA with a fault', problem('serverInternal', 500), 1, null],
    ['no way offered', acmeRefused('no dns-01', 'never'), null, /then renew/],
    ['an SSH server that is away', new AppError('SSH_FAILED'), 1, /SSH/],
    ['another host key', new AppError('HOST_KEY_MISMATCH'), null, /fingerprint/],
    ['a fault of ours', new TypeError('x is undefined'), 1, null],
  ])('%s', (_, error, after, youCan) => {
    const next = afterFailure(error, first, now, 0);
    expect(minutes(next.retry_at)).toBe(after);
    if (youCan) expect(next.you_can).toMatch(youCan);
    else expect(next.you_can).toBeNull();
    expect(next.viw_does).toMatch(after === null ? /has stopped/ : /tries again/);
  });

  it('slows down with each failure in a row', () => {
    const fourth = afterFailure(problem('dns'), { ...first, failures: 3 }, now, 0);
    expect(minutes(fourth.retry_at)).toBe(1_440);
    const nearTheEnd = { ...first, failures: 3, not_after: '2026-01-01T16:00:00.000Z' };
    expect(minutes(afterFailure(problem('dns'), nearTheEnd, now, 0).retry_at)).toBe(120);
  });

  it('tells a refused revocation from a refused validation', () => {
    const youCan = (error: AppError) => afterFailure(error, { ...first, kind: 'revoke' }, now, 0).you_can;
    expect(youCan(problem('unauthorized'))).toMatch(/another account/);
    const validation = acmeError({
      ...parseProblem({ type: 'urn:ietf:params:acme:error:unauthorized' }, 403),
      identifier: 'www.example.org',
    });
    expect(youCan(validation)).toMatch(/Point its DNS records/);
  });

  it('gives up no revocation', () => {
    const stopped = new AppError('HOST_KEY_MISMATCH');
    const next = afterFailure(stopped, { ...first, kind: 'revoke' }, now, 0);
    expect(minutes(next.retry_at)).toBe(1);
    expect(next.viw_does).toMatch(/tries again/);
    const refused = afterFailure(problem('malformed', 400), { ...first, kind: 'revoke' }, now, 0);
    expect(refused.retry_at).not.toBeNull();
  });

  it('keeps to the time that the CA named', () => {
    const error = new AppError('ACME_RATE_LIMITED', 'too many', {
      meta: { problem_type: 'rateLimited', retry: 'at', retry_at: '2026-01-08T00:00:00.000Z' },
    });
    const nearTheEnd = { ...first, not_after: '2026-01-01T16:00:00.000Z' };
    expect(afterFailure(error, nearTheEnd, now, 0)).toMatchObject({
      retry_at: '2026-01-08T00:00:00.000Z',
      problem_type: 'rateLimited',
    });
  });
});
