import type { GatewayPoint } from '@viw/contracts';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { RepositoryDeps } from '../repository';

export interface PointRange {
  /** ISO 8601, inclusive; bounds of whole buckets. */
  readonly from: string;
  /** ISO 8601, exclusive. */
  readonly to: string;
  /** Seconds per point, at least 60. */
  readonly step: number;
}

export interface SessionRecord {
  session_id: string;
  hub: string;
  epoch: number;
  remote_ip: string;
  connected_at: string | null;
  last_heartbeat_at: string | null;
  disconnected_at: string | null;
  reason: string | null;
}

export interface AgentEventRecord {
  event_id: string;
  kind: string;
  name: string;
  data: Record<string, unknown> | null;
  ts: string;
  received_at: string;
}

/** What a gateway did over time: for charts and tables. */
export class GatewayHistoryRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Means per step, oldest first; steps without a point are absent. At most 5 000. */
  async points(agentId: string, { from, to, step }: PointRange): Promise<GatewayPoint[]> {
    const { rows } = await sql<GatewayPoint>`
      SELECT date_bin(make_interval(secs => ${step}), bucket, 'epoch'::timestamptz)::timestamptz(3) AS ts,
        avg(cpu_pct) AS cpu_pct, avg(mem_used_pct) AS mem_used_pct, avg(load_1) AS load_1, avg(sessions) AS sessions
      FROM viw.os_gateway_points
      WHERE agent_id = ${agentId} AND bucket >= ${from}::timestamptz AND bucket < ${to}::timestamptz
      GROUP BY 1 ORDER BY 1 LIMIT 5000`.execute(this.deps.db);
    return rows;
  }

  /** Newest first. */
  async sessions(agentId: string, options: ListOptions = {}): Promise<Page<SessionRecord>> {
    const limit = limitOf(options);
    const after =
      options.cursor === undefined
        ? undefined
        : decodeCursor(options.cursor, [cursorShape.number, /^[^]{1,128}$/]);
    const { rows } = await sql<SessionRecord>`
      SELECT session_id, hub, epoch, remote_ip, connected_at, last_heartbeat_at, disconnected_at, reason
      FROM viw.agent_sessions
      WHERE agent_id = ${agentId}
        AND ${after ? sql`(epoch, session_id) < (${after[0]}::bigint, ${after[1]}::text)` : sql`true`}
      ORDER BY epoch DESC, session_id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    return pageOf(
      rows,
      limit,
      (row) => [String(row.epoch), row.session_id],
      (row) => row,
    );
  }

  /** Newest first. */
  async events(agentId: string, options: ListOptions = {}): Promise<Page<AgentEventRecord>> {
    const limit = limitOf(options);
    const after =
      options.cursor === undefined
        ? undefined
        : decodeCursor(options.cursor, [cursorShape.instant, cursorShape.uuid]);
    const { rows } = await sql<AgentEventRecord>`
      SELECT event_id, kind, name, data, ts, received_at FROM viw.agent_events
      WHERE agent_id = ${agentId}
        AND ${after ? sql`(received_at, event_id) < (${after[0]}::timestamptz, ${after[1]}::uuid)` : sql`true`}
      ORDER BY received_at DESC, event_id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    return pageOf(
      rows,
      limit,
      (row) => [row.received_at, row.event_id],
      (row) => row,
    );
  }
}
