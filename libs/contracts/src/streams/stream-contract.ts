import { z } from 'zod';
import { streamGroups } from '../names';
import type { GroupName, StreamName } from '../names';
import { timestamp, uuid } from '../primitives';

/**
 * The fields of every stream entry beside its body. The producer makes `event_id` (UUIDv7): it is the idempotency
 * key, since a resent XADD has another stream id. In Redis an entry has the fields event_id, ts, v,
 * correlation_id?, traceparent? and body (one JSON text).
 */
export const entryHeader = z.object({
  event_id: uuid,
  ts: timestamp,
  v: z.int().min(1),
  correlation_id: uuid.optional(),
  traceparent: z.string().max(128).optional(),
});
export type EntryHeader = z.infer<typeof entryHeader>;

/** What may stand in one stream: its name, who reads it, the version of its body, the body's schema and examples. */
export interface StreamContract<S extends z.ZodType = z.ZodType> {
  readonly stream: StreamName;
  /** Expected consumer groups: an entry stays until each of them has acknowledged it. */
  readonly groups: readonly GroupName[];
  readonly version: number;
  readonly body: S;
  readonly examples: readonly z.input<S>[];
}

export const streamContract = <S extends z.ZodType>(
  stream: StreamName,
  version: number,
  body: S,
  examples: readonly z.input<S>[],
): StreamContract<S> => ({ stream, groups: streamGroups[stream], version, body, examples });

/** The body of an entry as a reader gets it, after validation. */
export type StreamBody<C extends StreamContract> = z.output<C['body']>;

/** The body of an entry as a writer hands it over, before validation. */
export type StreamBodyInput<C extends StreamContract> = z.input<C['body']>;
