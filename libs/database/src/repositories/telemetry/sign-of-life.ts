import { sql } from 'kysely';
import type { Db } from '../../connection';

export interface SignOfLife {
  readonly agent_id: string;
  readonly session_id: string;
  /** ISO 8601, by the hub's clock. */
  readonly at: string;
}

/**
 * Moves `last_seen_at` on. A gateway that had only looked silent comes back, when it was heard after that in the very
 * session that is still its newest and has not ended.
 * @param among `lost`: gateways that are connected are left alone. For telemetry, which is a sign of life by itself in
 *   `os_gateway_status`: a second row written per frame would tell nothing more.
 * @returns agents whose state changed
 */
export async function touch(
  db: Db,
  signs: readonly SignOfLife[],
  among: 'all' | 'lost' = 'all',
): Promise<string[]> {
  if (signs.length === 0) return [];
  const { rows } = await sql<{ agent_id: string; revived: boolean }>`
    WITH heard AS (
      SELECT agent_id, session_id, least(max(at), now()) AS at FROM unnest(
        ${signs.map((s) => s.agent_id)}::text[], ${signs.map((s) => s.session_id)}::text[],
        ${signs.map((s) => s.at)}::timestamptz[]) AS i (agent_id, session_id, at)
      GROUP BY agent_id, session_id
    ), locked AS (
      SELECT g.agent_id, h.at, NOT g.connected AND h.at > g.lost_at AS revived
      FROM viw.os_gateways g JOIN heard h USING (agent_id, session_id)
      WHERE NOT g.session_ended AND g.state <> 'decommissioned' ${among === 'lost' ? sql`AND NOT g.connected` : sql``}
      ORDER BY g.agent_id FOR UPDATE OF g
    )
    UPDATE viw.os_gateways g SET
      last_seen_at = greatest(g.last_seen_at, l.at),
      connected = g.connected OR coalesce(l.revived, false),
      state = CASE WHEN l.revived AND g.state = 'lost' THEN 'connected' ELSE g.state END
    FROM locked l WHERE g.agent_id = l.agent_id
    RETURNING g.agent_id, coalesce(l.revived, false) AS revived`.execute(db);
  return rows.filter((row) => row.revived).map((row) => row.agent_id);
}
