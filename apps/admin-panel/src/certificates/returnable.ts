import type { CertificateVersion } from '@viw/contracts';

/** The version right before the present one, if it has not lost what it needs to serve; the backend has the last word. */
export const versionBefore = (
  newestFirst: readonly CertificateVersion[],
  current: string | undefined,
): CertificateVersion | undefined => {
  const at = newestFirst.findIndex(({ id }) => id === current);
  const before = at < 0 ? undefined : newestFirst[at + 1];
  return before &&
    before.revoked_at === null &&
    before.quarantined_at === null &&
    before.key_destroyed_at === null
    ? before
    : undefined;
};
