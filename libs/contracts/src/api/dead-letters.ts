import { z } from 'zod';
import { listQuery, page } from './problem';

/** Opaque: names a stream and an entry of its dead-letter stream. */
export const deadLetterId = z.string().regex(/^[A-Za-z0-9_-]{8,512}$/, 'an id as the list shows it');

/** Newest first. `stream`: set aside from this stream only. */
export const deadLetterListQuery = z.strictObject({ ...listQuery, stream: z.string().max(256).optional() });

/** An entry that a consumer could not handle and has set aside. */
export const deadLetter = z.object({
  id: deadLetterId,
  /** Where it comes from, and where `replay` puts it. */
  stream: z.string(),
  /** The stream whose contract it was to follow; another than `stream` for the stream of a hub. */
  contract: z.string(),
  set_aside_at: z.string(),
  /** False: what stands in the dead-letter stream was not written by a consumer of viw. It can only be discarded. */
  replayable: z.boolean(),
  /** Stream id that it had. */
  entry_id: z.string().nullable(),
  group: z.string().nullable(),
  consumer: z.string().nullable(),
  /** How often the group had handed it out. */
  delivery_count: z.int().nullable(),
  error: z.object({ code: z.string(), msg: z.string() }),
  /** Idempotency key of the entry, which a replay keeps. */
  event_id: z.string().nullable(),
  correlation_id: z.string().nullable(),
});
export type DeadLetterSummary = z.infer<typeof deadLetter>;
export const deadLetterPage = page(deadLetter);

export const deadLetterDetail = deadLetter.extend({
  /** As they stood in the stream, with secrets removed. */
  fields: z.array(z.object({ name: z.string(), value: z.string(), truncated: z.boolean() })),
  /** Whether this version of viw understands the entry; if not, a replay only brings it back here. */
  decodable: z.boolean(),
  /** Why it is not understood. */
  problem: z.string().nullable(),
});
export type DeadLetterDetail = z.infer<typeof deadLetterDetail>;

/** It stands in its stream again, at the end, and in the dead-letter stream no longer. */
export const deadLetterReplayed = deadLetterDetail.pick({
  stream: true,
  event_id: true,
  decodable: true,
  problem: true,
});
export type DeadLetterReplayed = z.infer<typeof deadLetterReplayed>;
