import { RecentNonces } from './recent-nonces';

test('a nonce counts once among so many', () => {
  const nonces = new RecentNonces({ limit: 256 });
  for (let n = 0; n < 256; n++) expect(nonces.claim(`nonce-${n}`)).toBe(true);
  expect(nonces.claim('nonce-0')).toBe(false);
  expect(nonces.claim('nonce-255')).toBe(false);
  expect(nonces.claim('nonce-256')).toBe(true);
  expect(nonces.claim('nonce-0')).toBe(true);
});
