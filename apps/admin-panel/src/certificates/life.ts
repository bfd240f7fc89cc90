import type { Certificate } from '@viw/contracts';
import { instant } from '../format/times';

export type LifeClass =
  | 'none'
  | 'expired'
  /** Under a twentieth of its life left: renewal has been failing. */
  | 'emergency'
  /** Its renewal is due. */
  | 'due'
  | 'fine';

export interface Life {
  readonly class: LifeClass;
  /** 0 to 1 of the whole validity. */
  readonly left: number;
  readonly notAfter: number | undefined;
}

const tenDays = 10 * 86_400_000;

/** By share of life, since fixed days are wrong for six-day certificates: due at a third, at half when short-lived. */
export const lifeOf = (certificate: Pick<Certificate, 'current_version'>, now: number): Life => {
  const from = instant(certificate.current_version?.not_before);
  const to = instant(certificate.current_version?.not_after);
  if (from === undefined || to === undefined || to <= from) return { class: 'none', left: 0, notAfter: to };
  const left = Math.min(1, Math.max(0, (to - now) / (to - from)));
  const due = to - from < tenDays ? 1 / 2 : 1 / 3;
  const kind = left <= 0 ? 'expired' : left < 1 / 20 ? 'emergency' : left < due ? 'due' : 'fine';
  return { class: kind, left, notAfter: to };
};

export const histogramBounds = [
  { label: 'expired', below: 0 },
  { label: '< 1 d', below: 1 },
  { label: '1–7 d', below: 7 },
  { label: '7–30 d', below: 30 },
  { label: '30–90 d', below: 90 },
  { label: '> 90 d', below: Number.POSITIVE_INFINITY },
] as const;

/** How many certificates expire when; those without a version are left out. */
export const expiryHistogram = (
  certificates: readonly Pick<Certificate, 'current_version'>[],
  now: number,
): number[] => {
  const counts: number[] = histogramBounds.map(() => 0);
  for (const certificate of certificates) {
    const end = instant(certificate.current_version?.not_after);
    if (end === undefined) continue;
    const days = (end - now) / 86_400_000;
    const bucket = days <= 0 ? 0 : histogramBounds.findIndex(({ below }) => days < below);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
};
