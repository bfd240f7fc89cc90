import { browserTokenCookie, readBrowserToken } from './browser-token';

const token = 'b'.repeat(43);

it('over HTTPS the cookie is one that only this host can set, and no other name is read', () => {
  const secure = { secure: true };
  const cookie = browserTokenCookie(token, secure);
  expect(cookie).toBe(
    `__Host-viw_oidc_sign_in=${token}; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax`,
  );
  const [pair = ''] = cookie.split(';');
  expect(readBrowserToken(pair, secure)).toBe(token);
  expect(readBrowserToken(pair.replace('__Host-', ''), secure)).toBeUndefined();
});

it('without HTTPS, where browsers refuse the prefix, it has none', () => {
  const plain = { secure: false };
  const [pair = ''] = browserTokenCookie(token, plain).split(';');
  expect(pair).toBe(`viw_oidc_sign_in=${token}`);
  expect(readBrowserToken(pair, plain)).toBe(token);
});
