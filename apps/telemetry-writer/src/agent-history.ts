import { advisoryLocks } from '@viw/contracts';
import { AgentRetentionRepository, historySweep } from '@viw/database';
import type { Db, HistorySweepDeps } from '@viw/database';
import type { Component } from '@viw/runtime';

export interface AgentHistoryOptions {
  /** Straight to Postgres, for the lock. */
  readonly databaseUrl: string;
  readonly sessionDays: number;
  readonly eventDays: number;
}

/** Retention of sessions and events, in one telemetry-writer of all. */
export function agentHistory(
  { databaseUrl, sessionDays, eventDays }: AgentHistoryOptions,
  { db, ...deps }: { readonly db: Db } & Pick<HistorySweepDeps, 'metrics' | 'logger'>,
): Component {
  const retention = new AgentRetentionRepository({ db });
  return historySweep(
    { databaseUrl, applicationName: 'telemetry-writer', key: advisoryLocks.agentHistory },
    {
      ...deps,
      steps: [
        async (limit) => ({ agent_sessions: await retention.sessions({ keepDays: sessionDays, limit }) }),
        async (limit) => ({ agent_events: await retention.events({ keepDays: eventDays, limit }) }),
      ],
    },
  );
}
