import type { AgentObservation } from '@viw/simulator';
import type { Pool } from 'pg';

export interface SessionFaults {
  /** The gateway is not recorded as connected in the session that its agent has. */
  readonly gateways: number;
  /** The agent's session is not recorded as open. */
  readonly missing: number;
  /** Agents with another session that looks open. */
  readonly leftOpen: number;
  /** Agents with any of these. */
  readonly agents: number;
}

/** What Postgres says of sessions, against what the agents themselves know. */
export async function sessionFaults(
  observed: readonly AgentObservation[],
  { pool }: { readonly pool: Pool },
): Promise<SessionFaults> {
  const { rows } = await pool.query<{ gateway: boolean; missing: boolean; left_open: boolean }>(
    `SELECT
       NOT coalesce(g.connected AND g.session_id = a.session_id, false) AS gateway,
       NOT EXISTS (SELECT FROM viw.agent_sessions s WHERE s.session_id = a.session_id AND s.agent_id = a.agent_id
         AND s.connected_at IS NOT NULL AND s.disconnected_at IS NULL) AS missing,
       EXISTS (SELECT FROM viw.agent_sessions s WHERE s.agent_id = a.agent_id
         AND s.session_id <> a.session_id AND s.disconnected_at IS NULL) AS left_open
     FROM unnest($1::text[], $2::text[]) AS a (agent_id, session_id)
     LEFT JOIN viw.os_gateways g USING (agent_id)`,
    [observed.map((each) => each.agentId), observed.map((each) => each.sessionId ?? '')],
  );
  return {
    gateways: rows.filter((row) => row.gateway).length,
    missing: rows.filter((row) => row.missing).length,
    leftOpen: rows.filter((row) => row.left_open).length,
    agents: rows.filter((row) => row.gateway || row.missing || row.left_open).length,
  };
}
