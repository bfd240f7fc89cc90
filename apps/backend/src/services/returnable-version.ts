import type { CertificateVersion } from '@viw/contracts';
import { AppError } from '@viw/runtime';

/**
 * A version that may be put into service again. The cert-worker asks once more when it does it.
 * @param wanted as it was named; undefined: the one before the current one
 * @throws AppError NOT_FOUND for a named one that is not there, CONFLICT for the rest
 */
export function assertReturnable(
  version: CertificateVersion | undefined,
  current: string,
  wanted: string | undefined,
): asserts version is CertificateVersion {
  if (!version)
    throw wanted
      ? new AppError('NOT_FOUND', 'The certificate has no such version')
      : new AppError('CONFLICT', 'There is no version before the current one');
  if (version.id === current)
    throw new AppError('CONFLICT', 'This version is in service already: to put it out once more, deploy');
  const why = objectionTo(version, new Date());
  if (why) throw new AppError('CONFLICT', `The version of ${version.created_at} ${why}`);
}

function objectionTo(version: CertificateVersion, now: Date): string | undefined {
  if (version.quarantined_at !== null) return 'has a key that is taken to be in foreign hands';
  if (version.revoked_at !== null) return 'is revoked';
  if (version.key_destroyed_at !== null) return 'has no key any more: it was destroyed';
  if (new Date(version.not_after) <= now) return `has expired at ${version.not_after}`;
  return undefined;
}
