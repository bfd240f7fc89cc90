import type { CommandEventsBody } from '@viw/contracts';
import { sql } from 'kysely';
import type { CommandChange } from './command-record';
import { openStatuses } from './command-record';
import type { RepositoryDeps } from '../repository';

interface Progress {
  agent_id: string;
  correlation_id: string;
  dispatched: string | null;
  acknowledged: string | null;
  ended: 'expired' | 'denied' | 'cancelled' | null;
  reason: string | null;
  at: string | null;
}

const endOf = { expired: 'expired', rejected: 'denied', cancelled: 'cancelled' } as const;

function perCommand(batch: readonly CommandEventsBody[]): Progress[] {
  const commands = new Map<string, Progress>();
  for (const event of batch) {
    const key = `${event.correlation_id} ${event.agent_id}`;
    const progress = commands.get(key) ?? {
      agent_id: event.agent_id,
      correlation_id: event.correlation_id,
      dispatched: null,
      acknowledged: null,
      ended: null,
      reason: null,
      at: null,
    };
    commands.set(key, progress);
    if (event.state === 'dispatched') progress.dispatched ??= event.at;
    else if (event.state === 'acknowledged') progress.acknowledged ??= event.at;
    else if (progress.ended === null) {
      progress.ended = endOf[event.state];
      progress.reason = event.reason ?? null;
      progress.at = event.at;
    }
  }
  return [...commands.values()].sort((a, b) => (a.correlation_id < b.correlation_id ? -1 : 1));
}

/** Transitions on the way: accepted → queued → dispatched → acknowledged → end. Never backwards, never out of an end. */
export class CommandProgressRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * What hubs report. Times are filled in whenever they are learned, as evidence. What a hub says about a command that
   * it did not send (`expired`, `rejected`, `cancelled`) counts only for one never dispatched: another copy of it may
   * have been delivered and run, and without a result it ends as `unknown` by `endOverdue`. A report by another gateway
   * than the command's is ignored.
   * @returns commands whose state moved
   */
  async applyEvents(batch: readonly CommandEventsBody[]): Promise<CommandChange[]> {
    const rows = perCommand(batch);
    const result = await sql<CommandChange & { moved: boolean }>`
      WITH input AS (
        SELECT * FROM unnest(
          ${rows.map((r) => r.correlation_id)}::uuid[], ${rows.map((r) => r.agent_id)}::text[],
          ${rows.map((r) => r.dispatched)}::timestamptz[], ${rows.map((r) => r.acknowledged)}::timestamptz[],
          ${rows.map((r) => r.ended)}::text[], ${rows.map((r) => r.reason)}::text[],
          ${rows.map((r) => r.at)}::timestamptz[]
        ) AS i (correlation_id, agent_id, dispatched, acknowledged, ended, reason, at)
      ), before AS (
        SELECT i.*, c.status, c.status IN ${openStatuses} AS open,
          coalesce(c.dispatched_at, i.dispatched) AS dispatched_at,
          coalesce(c.acknowledged_at, i.acknowledged) AS acknowledged_at
        FROM viw.agent_commands c JOIN input i USING (correlation_id, agent_id)
        ORDER BY correlation_id FOR UPDATE OF c
      ), after AS (
        SELECT *, CASE
          WHEN NOT open THEN status
          WHEN ended IS NOT NULL AND coalesce(dispatched_at, acknowledged_at) IS NULL THEN ended
          WHEN acknowledged_at IS NOT NULL THEN 'acknowledged'
          WHEN dispatched_at IS NOT NULL THEN 'dispatched'
          ELSE status END AS next
        FROM before
      )
      UPDATE viw.agent_commands c SET status = a.next, dispatched_at = a.dispatched_at,
        acknowledged_at = a.acknowledged_at,
        reason = CASE WHEN a.next = a.ended AND a.open THEN coalesce(a.reason, c.reason) ELSE c.reason END,
        finished_at = CASE WHEN a.next = a.ended AND a.open THEN a.at ELSE c.finished_at END
      FROM after a WHERE c.correlation_id = a.correlation_id
      RETURNING c.correlation_id, c.agent_id, c.status, a.next <> a.status AS moved`.execute(this.deps.db);
    return result.rows.filter((row) => row.moved).map(({ moved: _moved, ...change }) => change);
  }
}
