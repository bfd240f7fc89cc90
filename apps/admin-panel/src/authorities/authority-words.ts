import type {
  AuthorityPurpose,
  CertificateAuthority,
  CertificateRevocationReason,
  ServiceCertificate,
  ServiceProfile,
} from '@viw/contracts';
import type { Look } from '../design/state-mark';
import { instant } from '../format/times';

export const purposeWords: Record<AuthorityPurpose, string> = {
  root: 'Root: signs the authorities below it',
  'gateway-agents': 'Gateways: client certificates of agents',
  services: 'Services: mutual TLS between services',
  'database-services': 'Databases: their servers and clients',
  'web-services': 'Web servers: what cert-workers issue without an outside CA',
};
export const profileWords: Record<ServiceProfile, string> = {
  client: 'TLS client',
  server: 'TLS server',
  dual: 'TLS client and server',
  'postgres-client': 'PostgreSQL client',
  'mongodb-client': 'MongoDB client',
};
export const reasonWords: Record<CertificateRevocationReason, string> = {
  keyCompromise: 'Its key is in foreign hands',
  affiliationChanged: 'Its holder belongs elsewhere',
  superseded: 'Another one has taken its place',
  cessationOfOperation: 'It is needed no more',
};

/** When an authority came, or is to come, from one phase to the next. */
export const phaseTimes = (authority: CertificateAuthority): (readonly [string, string])[] =>
  (
    [
      ['In use from', authority.announced_until],
      ['Superseded', authority.superseded_at],
      ['To be trusted until', authority.trusted_until],
      ['Ended', authority.ended_at],
    ] as const
  ).flatMap(([what, at]) => (at === null ? [] : [[what, at] as const]));

/** Whether an authority issues, and how long yet. @param now milliseconds */
export const authorityLook = ({ phase, not_before, not_after }: CertificateAuthority, now: number): Look => {
  const [from, until] = [instant(not_before) ?? now, instant(not_after) ?? now];
  if (until <= now) return { shape: 'triangle', tone: 'bad', word: 'Expired' };
  if (phase === 'announced') return { shape: 'dashed', tone: 'info', word: 'Announced' };
  if (phase === 'former') return { shape: 'ring', tone: 'idle', word: 'Former, trusted on' };
  if (phase === 'ended') return { shape: 'square', tone: 'idle', word: 'Ended' };
  return until - now < (until - from) / 5
    ? { shape: 'half', tone: 'warn', word: 'A fifth of its life left' }
    : { shape: 'disc', tone: 'good', word: 'Issues' };
};

/** Readers refuse a list whose next one is overdue. @param now milliseconds */
export const listLook = (list: CertificateAuthority['revocation_list'], now: number): Look => {
  if (list === null) return { shape: 'dashed', tone: 'info', word: 'No list yet' };
  const [from, until] = [instant(list.this_update) ?? now, instant(list.next_update) ?? now];
  if (until <= now) return { shape: 'triangle', tone: 'bad', word: 'Overdue: readers refuse it' };
  return until - now < (until - from) / 4
    ? { shape: 'half', tone: 'warn', word: 'Due' }
    : { shape: 'disc', tone: 'good', word: 'Fresh' };
};

export const certificateLook = ({ revoked_at, not_after }: ServiceCertificate, now: number): Look =>
  revoked_at !== null
    ? { shape: 'square', tone: 'idle', word: 'Revoked' }
    : (instant(not_after) ?? now) <= now
      ? { shape: 'ring', tone: 'idle', word: 'Expired' }
      : { shape: 'disc', tone: 'good', word: 'Valid' };

/** Each after the one that signs it; what belongs to no shown one stands at the top. */
export const inHierarchy = (
  all: readonly CertificateAuthority[],
): { authority: CertificateAuthority; depth: number }[] => {
  const ids = new Set(all.map(({ id }) => id));
  const below = (
    issuer: string | null,
    depth: number,
  ): { authority: CertificateAuthority; depth: number }[] =>
    all
      .filter(({ issuer_id: id }) => (id !== null && ids.has(id) ? id : null) === issuer)
      .flatMap((authority) => [{ authority, depth }, ...(depth < 8 ? below(authority.id, depth + 1) : [])]);
  return below(null, 0);
};
