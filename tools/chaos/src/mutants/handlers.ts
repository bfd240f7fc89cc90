import type { BatchHandler, Delivered, Redis } from '@viw/streams';

/** The protective measure that a mutant lacks. They exist to show that the ledger notices; `honest` lacks none. */
export const mutants = [
  'honest',
  'ack-before-commit',
  'no-dedupe-key',
  'no-order-guard',
  'dead-letter-on-outage',
] as const;
export type Mutant = (typeof mutants)[number];

/** Between which two steps of a batch the process dies. */
export const steps = ['acknowledged', 'committed'] as const;
export type Step = (typeof steps)[number];

export interface StepDeps {
  /** Called after each of the two steps, whichever comes first. */
  readonly after: (step: Step) => void;
}

/** As the service: returns after the commit, the consumer acknowledges then. */
export const commit =
  <T>(store: (batch: readonly Delivered<T>[]) => Promise<unknown>, { after }: StepDeps): BatchHandler<T> =>
  async (batch) => {
    await store(batch);
    after('committed');
  };

/** @param redis for a writer that acknowledges on its own */
export const ackBeforeCommit =
  <T>(
    handler: BatchHandler<T>,
    { redis, group, after }: StepDeps & { readonly redis: Redis; readonly group: string },
  ): BatchHandler<T> =>
  async (batch, context) => {
    const [first] = batch;
    if (first) await redis.xack(first.stream, group, ...batch.map(({ id }) => id));
    after('acknowledged');
    return handler(batch, context);
  };

/** Takes every failure for the entry's fault: what the consumer cannot recognise as an outage, it sets aside. */
export const deadLetterOnOutage =
  <T>(handler: BatchHandler<T>): BatchHandler<T> =>
  async (batch, context) => {
    try {
      return await handler(batch, context);
    } catch {
      throw new Error('the batch could not be stored');
    }
  };

/** The handler of a mutant that differs by what surrounds the commit, not by what is committed. */
export function surrounded<T>(
  mutant: Mutant,
  handler: BatchHandler<T>,
  deps: StepDeps & { readonly redis: Redis; readonly group: string },
): BatchHandler<T> {
  if (mutant === 'ack-before-commit') return ackBeforeCommit(handler, deps);
  if (mutant === 'dead-letter-on-outage') return deadLetterOnOutage(handler);
  return handler;
}
