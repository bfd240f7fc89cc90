import type { EntryHeader } from '@viw/contracts';

/** One entry as a handler gets it, validated. */
export interface Delivered<T> {
  /** Stream id `<ms>-<seq>`: what `acknowledge` and the map of outcomes take. Not the idempotency key. */
  readonly id: string;
  readonly stream: string;
  /** `header.event_id` is the idempotency key. */
  readonly header: EntryHeader;
  readonly body: T;
  /** How often the group has handed it out, this time included; above 1 its effect may exist already. */
  readonly deliveryCount: number;
}

/**
 * `done`: its effect is committed, acknowledge it. `retry`: hand it out again after a pause, before anything newer.
 * `hold`: leave it pending; whoever holds it calls `acknowledge` or `redeliver` later. `poison`: set it aside.
 */
export type Outcome = 'done' | 'retry' | 'hold' | { readonly poison: string };

/** Of the entries that are not simply done, by entry id. Nothing returned: all are done. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** @param reason shown to people; without values of the entry */
export const poison = (reason: string): Outcome => ({ poison: reason });

export interface HandlerContext {
  /** Aborted when the consumer stops. Work that is soon done should be finished nevertheless. */
  readonly signal: AbortSignal;
  /**
   * Aborted when another consumer has taken entries of the batch, because this process stood still for too long: their
   * effects will be made there. Its reason is retryable; throwing it hands out again what is still ours.
   */
  readonly ownership: AbortSignal;
}

/**
 * Handles a batch in its order. Entries may come again (`deliveryCount`), so effects need a unique key.
 *
 * A thrown error that is retryable (`isRetryable`) means an outage: the same batch comes again after a pause. Any
 * other error means that something in the batch is poison: it is halved until the entry is found.
 */
export type BatchHandler<T> = (
  batch: readonly Delivered<T>[],
  context: HandlerContext,
) => Promise<Outcomes | void>;
