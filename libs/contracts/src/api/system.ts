import { z } from 'zod';
import { processFacts } from '../process-facts';

/** A process of viw that has said within a day that it is there. */
export const seenProcess = processFacts.extend({
  last_seen_at: z.string(),
  /** Within the last half minute. One that was stopped is not listed; one that is not alive has died, or cannot reach Redis. */
  alive: z.boolean(),
});

export const streamState = z.object({
  stream: z.string(),
  /** Entries in it; those that everybody has read stay for a while. */
  length: z.int(),
  dead_letters: z.int(),
  groups: z.array(
    z.object({
      group: z.string(),
      /** Not handed out yet. Null: the group has not been there yet, or Redis does not know. */
      lag: z.int().nullable(),
      /** Handed out, and not done yet. */
      pending: z.int().nullable(),
    }),
  ),
});

export const systemState = z.object({
  at: z.string(),
  /** Null: Redis does not answer. */
  processes: z.array(seenProcess).nullable(),
  streams: z.array(streamState).nullable(),
  /** What is accepted and not in its stream yet. */
  outbox: z.object({ waiting: z.int(), oldest_age_s: z.number().nullable() }),
  /** Made before zones were needed: they set records wherever their credential reaches. Give them zones. The oldest hundred. */
  dns_providers_without_zones: z.array(z.object({ id: z.string(), name: z.string() })),
});
export type SystemState = z.infer<typeof systemState>;
