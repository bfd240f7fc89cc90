import type { AuthorityPhase } from '@viw/contracts';
import type { CertificateAuthorityRecord } from '@viw/database';

type Phased = Pick<CertificateAuthorityRecord, 'announced_until' | 'superseded_at' | 'ended_at'>;

export function phaseOf({ announced_until: announced, superseded_at: superseded, ended_at: ended }: Phased) {
  if (announced !== null) return 'announced' satisfies AuthorityPhase;
  if (superseded === null) return 'in_use' satisfies AuthorityPhase;
  return ended === null ? ('former' satisfies AuthorityPhase) : ('ended' satisfies AuthorityPhase);
}

/** The one of its purpose that issues. */
export const isInUse = (row: Phased): boolean => phaseOf(row) === 'in_use';

/** Whoever checks certificates is told to trust it: what it issues now, will issue, or has issued, counts. @param now milliseconds */
export const isTrusted = (row: Phased & { readonly not_after: string }, now: number): boolean =>
  row.ended_at === null && Date.parse(row.not_after) > now;
