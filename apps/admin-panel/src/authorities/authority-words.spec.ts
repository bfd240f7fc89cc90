import type { CertificateAuthority } from '@viw/contracts';
import { authorityLook, inHierarchy, listLook } from './authority-words';

const now = Date.parse('2026-11-28T12:00:00Z');
const authority = (over: Partial<CertificateAuthority>): CertificateAuthority => ({
  id: 'root',
  purpose: 'root',
  phase: 'in_use',
  announced_until: null,
  trusted_until: null,
  ended_at: null,
  valid_certificates: 0,
  subject: 'CN=viw',
  fingerprint_sha256: '',
  issuer_id: null,
  not_before: '2026-01-01T00:00:00Z',
  not_after: '2036-01-01T00:00:00Z',
  superseded_at: null,
  revocation_list: null,
  certificate_path: '/pki/ca/root.pem',
  trust_path: '/pki/trust/root.pem',
  revocation_list_path: '/pki/crl/root.crl',
  ...over,
});

it('authorities stand below the one that signs them, and none is lost', () => {
  const rows = [
    authority({ id: 'leafward', issuer_id: 'middle' }),
    authority({ id: 'middle', issuer_id: 'root' }),
    authority({ id: 'stray', issuer_id: 'of somebody else' }),
    authority({}),
  ];
  expect(inHierarchy(rows).map(({ authority: { id }, depth }) => `${depth} ${id}`)).toEqual([
    '0 stray',
    '0 root',
    '1 middle',
    '2 leafward',
  ]);
});

it('a list whose next one is overdue is red, and so is an authority that has ended', () => {
  const list = (next: string) => ({ number: 1, this_update: '2026-11-21T12:00:00Z', next_update: next });
  expect(listLook(list('2026-11-28T12:00:00Z'), now).tone).toBe('bad');
  expect(listLook(list('2026-11-29T00:00:00Z'), now).tone).toBe('warn');
  expect(listLook(list('2026-12-28T12:00:00Z'), now).tone).toBe('good');
  expect(authorityLook(authority({ not_after: '2026-11-28T11:00:00Z' }), now).tone).toBe('bad');
  expect(authorityLook(authority({ phase: 'announced' }), now).word).toBe('Announced');
  expect(authorityLook(authority({ phase: 'former' }), now).word).toContain('Former');
  expect(authorityLook(authority({ phase: 'ended' }), now).word).toBe('Ended');
});
