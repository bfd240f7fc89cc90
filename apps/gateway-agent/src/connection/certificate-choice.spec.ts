import { CertificateChoice } from './certificate-choice';
import type { Ending } from './hub-socket';

const certificate = { cert: 'c', key: 'k' };
const make = (shown: { cert: string; key: string } | 'none' = certificate) =>
  new CertificateChoice({ read: () => (shown === 'none' ? undefined : shown) });
const refused = (code: 'BAD_SIGNATURE' | 'NOT_ALLOWED' | 'BUSY' | 'REVOKED'): Ending => ({
  kind: 'refused',
  refusal: { status: 403, code },
});
const closed: Ending = { kind: 'closed', code: 1012, reason: '', openMs: 1 };
const unreachable: Ending = { kind: 'failed', reason: 'ECONNREFUSED' };

it.each<[string, Ending]>([
  ['does not trust it', refused('BAD_SIGNATURE')],
  ['does not know it', refused('NOT_ALLOWED')],
  ['has an edge that does not take it', { kind: 'refused', refusal: { status: 400 } }],
  ['ends TLS over it', { kind: 'failed', reason: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' }],
])('a hub that %s is asked without it, for as long as that goes well', (_, ending) => {
  const choice = make();
  expect(choice.next()).toBe(certificate);
  expect(choice.learn(ending)).toBe(true);
  expect(choice.next()).toBeUndefined();
  for (const each of [closed, unreachable]) {
    expect(choice.learn(each)).toBe(false);
    expect(choice.next()).toBeUndefined();
  }
  expect(choice.learn(refused('BAD_SIGNATURE'))).toBe(false);
  expect(choice.next()).toBe(certificate);
});

it('a renewed certificate is shown, whatever became of the one before', () => {
  let shown = certificate;
  const choice = new CertificateChoice({ read: () => shown });
  choice.next();
  choice.learn(refused('NOT_ALLOWED'));
  expect(choice.next()).toBeUndefined();
  choice.learn(closed);
  shown = { cert: 'renewed', key: 'k' };
  expect(choice.next()).toBe(shown);
});

it('after an hour it is shown again', () => {
  let now = 0;
  const choice = new CertificateChoice({ read: () => certificate, now: () => now });
  choice.next();
  choice.learn(refused('NOT_ALLOWED'));
  now = 3_599_999;
  expect(choice.next()).toBeUndefined();
  choice.learn(closed);
  now += 1;
  expect(choice.next()).toBe(certificate);
});

it('whatever else happens, it is shown again', () => {
  const choice = make();
  for (const each of [
    closed,
    unreachable,
    refused('BUSY'),
    refused('REVOKED'),
    { kind: 'refused', refusal: { status: 502 } } as const,
  ]) {
    expect(choice.next()).toBe(certificate);
    expect(choice.learn(each)).toBe(false);
  }
  const none = make('none');
  none.next();
  expect(none.learn(refused('BAD_SIGNATURE'))).toBe(false);
});
