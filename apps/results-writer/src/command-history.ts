import { advisoryLocks } from '@viw/contracts';
import { CommandRetentionRepository, historySweep } from '@viw/database';
import type { Db, HistorySweepDeps } from '@viw/database';
import type { Component } from '@viw/runtime';

export interface CommandHistoryOptions {
  /** Straight to Postgres, for the lock. */
  readonly databaseUrl: string;
  readonly keepDays: number;
}

/** Retention of commands, of approvals of them and of results, in one results-writer of all. */
export function commandHistory(
  { databaseUrl, keepDays }: CommandHistoryOptions,
  { db, ...deps }: { readonly db: Db } & Pick<HistorySweepDeps, 'metrics' | 'logger'>,
): Component {
  const retention = new CommandRetentionRepository({ db });
  return historySweep(
    { databaseUrl, applicationName: 'results-writer', key: advisoryLocks.commandHistory },
    {
      ...deps,
      steps: [
        async (limit) => {
          const { commands, results } = await retention.commands({ keepDays, limit });
          return { agent_commands: commands, agent_command_results: results };
        },
        async (limit) => ({ approval_requests: await retention.approvals({ keepDays, limit }) }),
        async (limit) => ({ agent_command_results: await retention.strayResults({ keepDays, limit }) }),
      ],
    },
  );
}
