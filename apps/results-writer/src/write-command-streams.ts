import type { CommandEventsBody, CommandResultsBody } from '@viw/contracts';
import type { CommandChange, CommandProgressRepository, CommandResultRepository } from '@viw/database';
import type { BatchHandler, ChangeAnnouncer } from '@viw/streams';
import { redactResult } from './redact-result';

export interface HandlerDeps {
  readonly progress: CommandProgressRepository;
  readonly results: CommandResultRepository;
  readonly changes: ChangeAnnouncer;
}

const announceCommands = (changes: ChangeAnnouncer, moved: readonly CommandChange[]): void =>
  changes.announce(
    moved.map(({ correlation_id, agent_id }) => ({
      kind: 'command',
      id: correlation_id,
      parent_id: agent_id,
    })),
  );

/** What hubs report on the way. Returns after the commit; the same batch may come again. */
export const writeCommandEvents =
  ({ progress, changes }: HandlerDeps): BatchHandler<CommandEventsBody> =>
  async (batch) => {
    announceCommands(changes, await progress.applyEvents(batch.map((entry) => entry.body)));
  };

/** Results, redacted before they touch Postgres. Returns after the commit; the same batch may come again. */
export const writeCommandResults =
  ({ results, changes }: HandlerDeps): BatchHandler<CommandResultsBody> =>
  async (batch) => {
    const applied = await results.apply(
      batch.map(({ header, body }) => ({
        event_id: header.event_id,
        body: { ...body, result: redactResult(body.result) },
      })),
    );
    announceCommands(changes, applied.changes);
  };
