import type { CommandEventsBody, CommandResultsBody } from '@viw/contracts';
import type { CommandChange, CommandProgressRepository, CommandResultRepository } from '@viw/database';
import type { Counter } from '@viw/runtime';
import type { BatchHandler, ChangeAnnouncer } from '@viw/streams';
import { redactResult } from './redact-result';
import { judgeResult } from './signatures/judge-result';
import { noKeys } from './signatures/known-result-keys';
import type { KnownResultKeys } from './signatures/known-result-keys';
import type { SignatureAlerts } from './signatures/signature-alerts';

export interface HandlerDeps {
  readonly progress: CommandProgressRepository;
  readonly results: CommandResultRepository;
  readonly keys: Pick<KnownResultKeys, 'of'>;
  readonly alerts: Pick<SignatureAlerts, 'raise'>;
  readonly signatures: Counter<'verdict'>;
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
  ({ progress, changes }: Pick<HandlerDeps, 'progress' | 'changes'>): BatchHandler<CommandEventsBody> =>
  async (batch) => {
    announceCommands(changes, await progress.applyEvents(batch.map((entry) => entry.body)));
  };

/**
 * Results: held against the gateway's keys as they came, then redacted, then stored. Returns after the commit, and once people
 * have been told of what is not believed; the same batch may come again.
 */
export const writeCommandResults =
  ({ results, keys, alerts, signatures, changes }: HandlerDeps): BatchHandler<CommandResultsBody> =>
  async (batch) => {
    const known = await keys.of(batch.map(({ body }) => body.result.agent_id));
    const judged = await Promise.all(
      batch.map(async ({ header, body }) => ({
        event_id: header.event_id,
        body: { ...body, result: redactResult(body.result) },
        ...(await judgeResult(body.result, known.get(body.result.agent_id) ?? noKeys)),
      })),
    );
    const applied = await results.apply(judged);
    announceCommands(changes, applied.changes);
    for (const { signature } of judged) signatures.inc({ verdict: signature });
    await alerts.raise(
      judged
        .filter(({ believed }) => !believed)
        .map(({ body, signature }) => ({
          agentId: body.result.agent_id,
          correlationId: body.result.correlation_id,
          signature,
        })),
    );
  };
