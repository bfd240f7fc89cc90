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

export interface RenewalFacts {
  /** In [0, 1), picked once per certificate version and stored, so that the plan stays the same when made again. */
  jitter: number;
  suggestion?: HeardSuggestion;
  /** When this version was made, if it was made because the CA had suggested it. By our clock, not by the certificate. */
  suggestedAndMadeAt?: Date;
}

/** `ari`: the CA's suggestion. `lifetime`: the share of life that is left. `emergency`: the last twentieth has begun. */
export type RenewalReason = 'ari' | 'lifetime' | 'emergency';

export interface RenewalPlan {
  dueAt: Date;
  reason: RenewalReason;
  /** The CA wants it earlier and is not obeyed before then. */
  heldUntil?: Date;
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
 * A CA has been obeyed when a version was made at its wish. One that at once wishes the next is not, for so long or a
 * twentieth of life: its windows lie in the past whatever is done, and renewing by them would not end. With the first
 * certificate and the first wish these are five in a week, which is what CAs allow for the same names.
 */
const OBEYED_ONCE_MS = 2 * DAY_MS;

/**
 * When to renew. A suggested instant that has passed beats everything, but for a version that was itself made at the CA's
 * wish a moment ago; one that lies later is obeyed while the CA confirms it, until the last twentieth of life. Without a
 * suggestion: at a third of life left, half of a life under ten days.
 */
export function planRenewal(
  life: CertificateLife,
  { jitter, suggestion, suggestedAndMadeAt }: RenewalFacts,
  now: Date,
): RenewalPlan {
  const end = life.notAfter.getTime();
  const length = Math.max(0, end - life.notBefore.getTime());
  const reserve = length < SHORT_LIFE_MS ? 1 / 2 : 1 / 3;
  const byLifetime = plan(end - length * (reserve + jitter * SPREAD), 'lifetime');
  const emergency = plan(end - length * EMERGENCY, 'emergency');
  if (!suggestion) return byLifetime;
  const hold = suggestedAndMadeAt && suggestedAndMadeAt.getTime() + Math.max(OBEYED_ONCE_MS, length / 20);
  if (hold !== undefined && suggestion.instant.getTime() < hold)
    return { ...earliest(plan(hold, 'ari'), byLifetime), heldUntil: new Date(hold) };
  const suggested = plan(suggestion.instant.getTime(), 'ari');
  const holds = now.getTime() - suggestion.heardAt.getTime() <= SUGGESTION_HOLDS_MS;
  return earliest(suggested, holds ? emergency : byLifetime);
}

const plan = (time: number, reason: RenewalReason): RenewalPlan => ({ dueAt: new Date(time), reason });
const earliest = (a: RenewalPlan, b: RenewalPlan): RenewalPlan => (b.dueAt < a.dueAt ? b : a);
