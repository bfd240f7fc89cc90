import { failedSignIn, withoutFailure } from './oidc-failure';

const reference = '01a221e0-1976-76f4-bc76-622eeff76ff6';

it('says in words why a sign-in at the provider led nowhere, with what finds it in the audit log', () => {
  const failed = failedSignIn(`?sign_in_error=unknown_identity&reference=${reference}`);
  expect(failed?.text).toContain('an administrator has to enter your identity');
  expect(failed?.reference).toBe(reference);
});

it('shows nothing of an address that viw has not made', () => {
  for (const search of [
    '',
    '?q=x',
    '?sign_in_error=',
    '?sign_in_error=<b>Your account is locked, call 555</b>',
  ])
    expect(failedSignIn(search)).toBeNull();
  expect(failedSignIn('?sign_in_error=too_many&reference=call 555')?.reference).toBeNull();
});

it('goes back to where the person was, without the failure', () => {
  expect(withoutFailure('/', `?sign_in_error=too_many&reference=${reference}`)).toBe('/');
  expect(withoutFailure('/gateways', '?site=berlin&sign_in_error=too_many')).toBe('/gateways?site=berlin');
});
