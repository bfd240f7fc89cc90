import type { EnrolledIdentity } from './identity-file';
import { lifeOf } from './own-certificate';

export interface RenewalDueOptions {
  /** Age of the key in milliseconds at which it is renewed; Infinity: never. */
  readonly keyAfterMs: number;
  /** 0.9 to 1, the same for as long as the agent runs: a fleet enrolled in one day does not renew in one. */
  readonly spread: number;
}

/**
 * What of an enrolled agent is old enough to be renewed. The key by its age; the certificate after two thirds of its life,
 * by `now`, which is the hub's time where that is known. A new key gets a new certificate anyway.
 */
export function renewalDue(
  { key_made_at: madeAt, certificate }: EnrolledIdentity,
  { keyAfterMs, spread }: RenewalDueOptions,
  now: number,
): 'key' | 'certificate' | undefined {
  // By the host's clock, by which it was noted.
  if (Date.now() - Date.parse(madeAt) >= keyAfterMs * spread) return 'key';
  const life = certificate && lifeOf(certificate.pem);
  if (life === undefined) return undefined;
  return now - life.from >= ((life.until - life.from) * spread * 2) / 3 ? 'certificate' : undefined;
}
