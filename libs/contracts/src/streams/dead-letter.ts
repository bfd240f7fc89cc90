import { z } from 'zod';

/**
 * The body of an entry in `<stream>.dead`, which has the usual fields (event_id, ts, v, correlation_id?) around it.
 * Written by whoever consumes `<stream>`; the API lists, replays and discards these.
 */
export const deadLetterBody = z.object({
  stream: z.string().max(512),
  /** Stream id (`<ms>-<seq>`) of the entry that was set aside. */
  entry_id: z.string().max(64),
  group: z.string().max(128),
  consumer: z.string().max(256),
  /** How often the group had handed it out. */
  delivery_count: z.int().min(0),
  /** Why, without values of the entry. */
  error: z.object({ code: z.string().max(64), msg: z.string().max(2_000) }),
  /** The entry as it stood in the stream: field and value by turns, so that it can be put back unchanged. */
  fields: z.array(z.string()),
});
export type DeadLetterBody = z.infer<typeof deadLetterBody>;

/** Version of `deadLetterBody`, the field `v` of its entries. */
export const deadLetterVersion = 1;
