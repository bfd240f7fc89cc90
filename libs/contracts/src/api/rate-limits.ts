import { z } from 'zod';

/**
 * What is counted: every request by `address`; of callers `read`, `write`, `heavy` (what walks whole tables) and `emergency`
 * (the stop of all commands, which no other limit holds up); of addresses without a caller `sign_in`, `sign_in_return` (browsers
 * that an identity provider has led back) and `agent` (enrolment and renewal).
 */
export const ratePolicy = z.enum([
  ...(['address', 'sign_in', 'sign_in_return', 'agent'] as const),
  ...(['read', 'write', 'heavy', 'emergency'] as const),
]);
export type RatePolicy = z.infer<typeof ratePolicy>;

export const rateStanding = z.object({
  policy: ratePolicy,
  /** Requests per window. */
  quota: z.int(),
  window_s: z.int(),
  remaining: z.int(),
  /** Seconds until all of the quota is there again. */
  reset_s: z.int(),
  exceeded: z.boolean(),
});
export type RateStanding = z.infer<typeof rateStanding>;
/** Policies that limit nothing are not among them. */
export const rateStandings = z.object({ items: z.array(rateStanding) });
export type RateStandings = z.infer<typeof rateStandings>;

export const rateStandingsQuery = z.strictObject({
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  api_client: z.uuid().optional(),
  administrator: z.uuid().optional(),
});
