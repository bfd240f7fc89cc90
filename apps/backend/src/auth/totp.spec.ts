import { newTotpSecret, totpCode, totpEnrolment, totpStepOf } from './totp';

const rfc = Buffer.from('12345678901234567890');

it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('RFC 6238, appendix B: at %i s %s', (seconds, code) => {
  expect(totpCode(rfc, Math.floor(seconds / 30))).toBe(code);
});

it('takes the code of the step before and after, and no other', () => {
  const now = 1_800_000_000_000;
  const step = now / 30_000;
  for (const each of [step - 1, step, step + 1]) expect(totpStepOf(rfc, totpCode(rfc, each), now)).toBe(each);
  for (const each of [step - 2, step + 2]) expect(totpStepOf(rfc, totpCode(rfc, each), now)).toBeUndefined();
  for (const wrong of ['', '0', 'abcdef', '12345678']) expect(totpStepOf(rfc, wrong, now)).toBeUndefined();
});

it('is enrolled by base32 and link', () => {
  expect(totpEnrolment(rfc, 'a b@example.org')).toEqual({
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    uri: 'otpauth://totp/viw:a%20b%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=viw',
  });
  expect(newTotpSecret()).not.toEqual(newTotpSecret());
});
