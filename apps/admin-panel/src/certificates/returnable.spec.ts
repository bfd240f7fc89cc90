import type { CertificateVersion } from '@viw/contracts';
import { versionBefore } from './returnable';

const version = (id: string, over: Partial<CertificateVersion> = {}): CertificateVersion => ({
  id,
  serial: id,
  fingerprint_sha256: id,
  issuer: 'test',
  names: [],
  not_before: '',
  not_after: '',
  created_at: '',
  revoked_at: null,
  quarantined_at: null,
  key_destroyed_at: null,
  ...over,
});

it('is the one before the present one, not just the second newest', () => {
  const versions = ['c', 'b', 'a'].map((id) => version(id));
  expect(versionBefore(versions, 'c')?.id).toBe('b');
  expect(versionBefore(versions, 'b')?.id).toBe('a');
  expect([versionBefore(versions, 'a'), versionBefore(versions, undefined), versionBefore([], 'c')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it.each(['revoked_at', 'quarantined_at', 'key_destroyed_at'] as const)('is none that is %s', (fate) => {
  expect(
    versionBefore([version('b'), version('a', { [fate]: '2026-11-28T12:00:00Z' })], 'b'),
  ).toBeUndefined();
});
