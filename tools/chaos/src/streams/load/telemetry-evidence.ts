import type { Db } from '@viw/database';
import { sql } from 'kysely';
import type { AgentEvent } from '../../ledger/agent-event-ledger';
import type { Observation, StoredTelemetry } from '../../ledger/telemetry-ledger';

/** @param prefix of the agent ids that are looked at */
export async function readStatuses(db: Db, prefix: string): Promise<Observation[]> {
  const { rows } = await sql<Observation>`
    SELECT agent_id, epoch, seq FROM viw.os_gateway_status WHERE starts_with(agent_id, ${prefix})`.execute(
    db,
  );
  return rows;
}

/** @param prefix of the agent ids that are looked at */
export async function readStoredTelemetry(db: Db, prefix: string): Promise<StoredTelemetry> {
  const statuses = await sql<StoredTelemetry['statuses'][number]>`
    SELECT agent_id, epoch, seq, cpu_pct FROM viw.os_gateway_status
    WHERE starts_with(agent_id, ${prefix})`.execute(db);
  const points = await sql<StoredTelemetry['points'][number]>`
    SELECT agent_id, epoch, seq, cpu_pct, bucket FROM viw.os_gateway_points
    WHERE starts_with(agent_id, ${prefix})`.execute(db);
  const sessions = await sql<StoredTelemetry['sessions'][number]>`
    SELECT session_id, agent_id, disconnected_at IS NOT NULL AS disconnected FROM viw.agent_sessions
    WHERE starts_with(agent_id, ${prefix})`.execute(db);
  const gateways = await sql<StoredTelemetry['gateways'][number]>`
    SELECT agent_id, hello_epoch FROM viw.os_gateways
    WHERE starts_with(agent_id, ${prefix})`.execute(db);
  return {
    statuses: statuses.rows,
    points: points.rows,
    sessions: sessions.rows,
    gateways: gateways.rows,
  };
}

export async function readStoredEvents(db: Db): Promise<AgentEvent[]> {
  const { rows } = await sql<AgentEvent>`
    SELECT event_id, agent_id, coalesce(data ->> 'evidence', '') AS evidence FROM viw.agent_events`.execute(
    db,
  );
  return rows;
}
