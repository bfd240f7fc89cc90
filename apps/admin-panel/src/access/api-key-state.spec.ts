import type { ApiKeyView } from '@viw/contracts';
import { keyLook, keyWorks } from './api-key-state';

const now = Date.parse('2026-11-28T12:00:00Z');
const key = (over: Partial<ApiKeyView>): ApiKeyView => ({
  id: 'k',
  client_id: 'c',
  created_at: '2026-11-01T00:00:00Z',
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  ...over,
});

it.each([
  [key({}), 'Works', true],
  [key({ expires_at: '2026-12-28T12:00:00Z' }), 'Works', true],
  [key({ expires_at: '2026-11-29T12:00:00Z' }), 'Ends soon', true],
  [key({ expires_at: '2026-11-28T12:00:00Z' }), 'Expired', false],
  [key({ revoked_at: '2026-11-02T00:00:00Z' }), 'Revoked', false],
])('a key that %o is called %s', (one, word, works) => {
  expect([keyLook(one, now).word, keyWorks(one, now)]).toEqual([word, works]);
});
