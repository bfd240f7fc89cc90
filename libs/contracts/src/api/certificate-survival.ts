import { z } from 'zod';

/** What if. `life_days`: as if all certificates were made for so long; without it as they are. */
export const survivalQuery = z.strictObject({
  life_days: z.coerce.number().int().min(2).max(398).optional(),
  /** The CA gives nothing out for so long. */
  ca_outage_days: z.coerce.number().int().min(0).max(60).default(3),
  /** As the cert-workers' setting: what the schedule may begin in ten minutes. */
  orders_per_ten_minutes: z.coerce.number().int().min(1).max(10_000).default(15),
});

const scenario = z.object({
  /** `worst_moment`: the outage begins when it hurts most. */
  name: z.enum(['no_outage', 'outage_now', 'outage_at_worst_moment']),
  outage: z.object({ from: z.string(), until: z.string() }).nullable(),
  /** Until when it was reckoned: every certificate is renewed once by then. */
  until: z.string(),
  /** Certificates that end without a successor in service. */
  expired: z.int(),
  /** The first of them, at most 20. */
  first_expired: z.array(
    z.object({ certificate_id: z.string(), names: z.array(z.string()), at: z.string() }),
  ),
  renewals: z.int(),
  /** The least time between a renewal and the end it forestalls; negative: too late. Null without any renewal. */
  least_margin_s: z.int().nullable(),
  busiest_3_hours: z.int(),
  busiest_week: z.int(),
  /** In words. */
  outcome: z.string(),
});
export type SurvivalScenario = z.infer<typeof scenario>;

/** Would this fleet survive? */
export const survivalReport = z.object({
  at: z.string(),
  /** Certificates in service that were looked at, and those beyond the limit of 10,000 that were not. */
  certificates: z.int(),
  left_out: z.int(),
  /** Of them: not tried again before somebody asks for it. */
  stopped: z.int(),
  life_days: z.int().nullable(),
  ca_outage_days: z.int(),
  orders_per_ten_minutes: z.int(),
  /** Of operations that succeeded in the last 30 days, from the begin until it was proved to be served; null: none did. */
  durations: z.object({ operations: z.int(), p50_s: z.number(), p95_s: z.number() }).nullable(),
  /** Let's Encrypt's for an account; others have others. */
  limits: z.object({ orders_per_3_hours: z.int(), same_names_per_week: z.int() }),
  /** How often one certificate is renewed in a week, at most. */
  same_names_per_week: z.int(),
  survives: z.boolean(),
  outcome: z.string(),
  scenarios: z.array(scenario),
});
export type SurvivalReport = z.infer<typeof survivalReport>;
