import type { CommandResultsBody } from '@viw/contracts';
import { commandResultsStream, groups } from '@viw/contracts';
import type { CommandResultRepository } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import type { BatchHandler, Redis } from '@viw/streams';

/**
 * Results writers put together from the real parts, each with one protective measure left out. They exist to show that
 * the ledger notices: `honest` is the writer as it ships.
 */
export const mutants = ['honest', 'ack-before-commit', 'no-dedupe-key', 'dead-letter-on-outage'] as const;
export type Mutant = (typeof mutants)[number];

/** Between which two steps of a batch the process dies. */
export type Step = 'acknowledged' | 'committed';

export interface MutantDeps {
  readonly results: CommandResultRepository;
  /** For a writer that acknowledges on its own. */
  readonly redis: Redis;
  /** Called after each of the two steps, whichever comes first. */
  readonly after: (step: Step) => void;
}

type Handler = BatchHandler<CommandResultsBody>;

export function handlerOf(mutant: Mutant, deps: MutantDeps): Handler {
  switch (mutant) {
    case 'honest':
      return commit(deps);
    case 'ack-before-commit':
      return ackBeforeCommit(deps);
    case 'no-dedupe-key':
      return noDedupeKey(deps);
    case 'dead-letter-on-outage':
      return deadLetterOnOutage(deps);
  }
}

/** As the service: returns after the commit, the consumer acknowledges then. */
const commit =
  ({ results, after }: MutantDeps): Handler =>
  async (batch) => {
    await results.apply(batch.map(({ header, body }) => ({ event_id: header.event_id, body })));
    after('committed');
  };

function ackBeforeCommit(deps: MutantDeps): Handler {
  const store = commit(deps);
  return async (batch, context) => {
    await deps.redis.xack(commandResultsStream.stream, groups.resultsWriter, ...batch.map(({ id }) => id));
    deps.after('acknowledged');
    await store(batch, context);
  };
}

/** Each delivery is stored under an id of its own. */
function noDedupeKey(deps: MutantDeps): Handler {
  const store = commit(deps);
  return (batch, context) =>
    store(
      batch.map((entry) => ({
        ...entry,
        body: { ...entry.body, result: { ...entry.body.result, result_id: uuidv7() } },
      })),
      context,
    );
}

/** Takes every failure for the entry's fault: what the consumer cannot recognise as an outage, it sets aside. */
function deadLetterOnOutage(deps: MutantDeps): Handler {
  const store = commit(deps);
  return async (batch, context) => {
    try {
      await store(batch, context);
    } catch {
      throw new Error('the batch could not be stored');
    }
  };
}
