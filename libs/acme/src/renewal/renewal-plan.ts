/** Validity of the certificate in service. */
export interface CertificateLife {
  notBefore: Date;
  notAfter: Date;
}

/** What the CA suggested last (RFC 9773). */
export interface HeardSuggestion {
  /** The one instant picked at random in the suggested window, and stored. */
  instant: Date;
  /** When the CA last confirmed the window. */
  heardAt: Date;
}

/** `ari`: the CA's suggestion. `lifetime`: the share of life that is left. `emergency`: the last twentieth has begun. */
export type RenewalReason = 'ari' | 'lifetime' | 'emergency';

export interface RenewalPlan {
  dueAt: Date;
  reason: RenewalReason;
}

const DAY_MS = 86_400_000;
/** Below this life half of it is kept in reserve, above a third: of six days a third would be two. */
const SHORT_LIFE_MS = 10 * DAY_MS;
/** Certificates made in one hour are spread over this share of their life, towards the earlier. */
const SPREAD = 1 / 20;
const EMERGENCY = 1 / 20;
/** A suggestion that the CA has not confirmed for longer no longer holds a renewal back. */
const SUGGESTION_HOLDS_MS = 2 * DAY_MS;

/**
 * When to renew. A suggested instant that has passed beats everything; one that lies later is obeyed while the CA confirms
 * it, until the last twentieth of life. Without a suggestion: at a third of life left, half of a life under ten days.
 *
 * @param jitter in [0, 1), picked once per certificate version and stored, so that the plan stays the same when made again
 */
export function planRenewal(
  life: CertificateLife,
  { jitter, suggestion }: { jitter: number; suggestion?: HeardSuggestion },
  now: Date,
): RenewalPlan {
  const end = life.notAfter.getTime();
  const length = Math.max(0, end - life.notBefore.getTime());
  const reserve = length < SHORT_LIFE_MS ? 1 / 2 : 1 / 3;
  const byLifetime = plan(end - length * (reserve + jitter * SPREAD), 'lifetime');
  const emergency = plan(end - length * EMERGENCY, 'emergency');
  if (!suggestion) return byLifetime;
  const suggested = plan(suggestion.instant.getTime(), 'ari');
  const holds = now.getTime() - suggestion.heardAt.getTime() <= SUGGESTION_HOLDS_MS;
  return earliest(suggested, holds ? emergency : byLifetime);
}

const plan = (time: number, reason: RenewalReason): RenewalPlan => ({ dueAt: new Date(time), reason });
const earliest = (a: RenewalPlan, b: RenewalPlan): RenewalPlan => (b.dueAt < a.dueAt ? b : a);
