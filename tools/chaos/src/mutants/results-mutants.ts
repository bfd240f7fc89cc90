import type { CommandResultsBody } from '@viw/contracts';
import { groups } from '@viw/contracts';
import { CommandResultRepository, type Db } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import type { BatchHandler, Redis } from '@viw/streams';
import { type Mutant, type StepDeps, commit, surrounded } from './handlers';

export interface MutantDeps extends StepDeps {
  readonly db: Db;
  readonly redis: Redis;
}

/** A results-writer put together from the real parts, with one protective measure left out. */
export function resultsHandler(
  mutant: Mutant,
  { db, ...deps }: MutantDeps,
): BatchHandler<CommandResultsBody> {
  const results = new CommandResultRepository({ db });
  const store = commit<CommandResultsBody>(
    (batch) => results.apply(batch.map(({ header, body }) => ({ event_id: header.event_id, body }))),
    deps,
  );
  if (mutant === 'no-dedupe-key') return underFreshIds(store);
  return surrounded(mutant, store, { ...deps, group: groups.resultsWriter });
}

/** Each delivery is stored under an id of its own. */
const underFreshIds =
  (store: BatchHandler<CommandResultsBody>): BatchHandler<CommandResultsBody> =>
  (batch, context) =>
    store(
      batch.map((entry) => ({
        ...entry,
        body: { ...entry.body, result: { ...entry.body.result, result_id: uuidv7() } },
      })),
      context,
    );
