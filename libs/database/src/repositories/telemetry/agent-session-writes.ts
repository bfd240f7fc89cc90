import type { AgentSessionsBody } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import { endFollowedSessions } from './followed-sessions';
import type { SignOfLife } from './sign-of-life';
import { touch } from './sign-of-life';

type Connected = Extract<AgentSessionsBody, { kind: 'connected' | 'disconnected' | 'replaced' }>;

interface SessionRow {
  entry: Connected;
  connectedAt: string | null;
  disconnectedAt: string | null;
  reason: string | null;
  code: number | null;
  replacedBy: string | null;
}

/** One row per session of the batch, whatever the order in which its events came. */
function perSession(batch: readonly AgentSessionsBody[]): SessionRow[] {
  const rows = new Map<string, SessionRow>();
  for (const entry of batch) {
    if (entry.kind === 'rejected' || entry.kind === 'heartbeats') continue;
    const row = rows.get(entry.session_id) ?? {
      entry,
      connectedAt: null,
      disconnectedAt: null,
      reason: null,
      code: null,
      replacedBy: null,
    };
    rows.set(entry.session_id, row);
    if (entry.kind === 'connected') row.connectedAt ??= entry.at;
    else {
      row.disconnectedAt ??= entry.at;
      row.reason ??= entry.kind === 'replaced' ? 'replaced' : entry.reason;
      if (entry.kind === 'replaced') row.replacedBy ??= entry.by_session_id;
      else row.code ??= entry.code;
    }
  }
  return [...rows.values()].sort((a, b) => (a.entry.session_id < b.entry.session_id ? -1 : 1));
}

const signsOfLife = (batch: readonly AgentSessionsBody[]): SignOfLife[] =>
  batch.flatMap((entry) =>
    entry.kind === 'heartbeats'
      ? entry.sessions.map(({ agent_id, session_id, last_heartbeat_at }) => ({
          agent_id,
          session_id,
          at: last_heartbeat_at,
        }))
      : [],
  );

/**
 * Session rows (one per session id) and the states of their gateways. Within a gateway a newer epoch wins; within an
 * epoch the end wins over the start. A good-bye or a restarting hub leaves `offline`, a replacement leaves the state to
 * the newer session, any other end is `lost`. `rejected` entries change nothing here.
 * @returns agents whose gateway changed, sorted
 */
export async function applySessions(db: Db, batch: readonly AgentSessionsBody[]): Promise<string[]> {
  const rows = perSession(batch);
  const signs = signsOfLife(batch);
  return inTransaction(db, async (trx) => {
    const changed = new Set<string>();
    if (rows.length > 0) {
      await upsertSessions(trx, rows);
      await endFollowedSessions(
        trx,
        rows.map((row) => row.entry.session_id),
      );
      for (const agent of await moveGateways(trx, rows)) changed.add(agent);
    }
    if (signs.length > 0) {
      await beat(trx, signs);
      for (const agent of await touch(trx, signs)) changed.add(agent);
    }
    return [...changed].sort();
  });
}

/** The first end that is reported stays; one that was only concluded gives way to it. */
async function upsertSessions(db: Db, rows: readonly SessionRow[]): Promise<void> {
  await sql`
    INSERT INTO viw.agent_sessions AS s (session_id, agent_id, hub, conn_id, epoch, remote_ip, connected_at,
      disconnected_at, reason, code, replaced_by)
    SELECT * FROM unnest(
      ${rows.map((r) => r.entry.session_id)}::text[], ${rows.map((r) => r.entry.agent_id)}::text[],
      ${rows.map((r) => r.entry.hub)}::text[], ${rows.map((r) => r.entry.conn_id)}::text[],
      ${rows.map((r) => r.entry.epoch)}::bigint[], ${rows.map((r) => r.entry.ip)}::text[],
      ${rows.map((r) => r.connectedAt)}::timestamptz[], ${rows.map((r) => r.disconnectedAt)}::timestamptz[],
      ${rows.map((r) => r.reason)}::text[], ${rows.map((r) => r.code)}::int[],
      ${rows.map((r) => r.replacedBy)}::text[])
    ON CONFLICT (session_id) DO UPDATE SET
      connected_at = coalesce(s.connected_at, excluded.connected_at),
      disconnected_at = CASE WHEN s.reason IS NULL THEN coalesce(excluded.disconnected_at, s.disconnected_at)
        ELSE s.disconnected_at END,
      reason = coalesce(s.reason, excluded.reason), code = coalesce(s.code, excluded.code),
      replaced_by = CASE WHEN s.reason IS NULL AND excluded.reason IS NOT NULL THEN excluded.replaced_by
        ELSE coalesce(s.replaced_by, excluded.replaced_by) END
    WHERE s.agent_id = excluded.agent_id`.execute(db);
}

/** By what is stored of the newest session of each agent concerned, so that the order of entries does not matter. */
async function moveGateways(db: Db, rows: readonly SessionRow[]): Promise<string[]> {
  const { rows: changed } = await sql<{ agent_id: string }>`
    WITH newest AS (
      SELECT DISTINCT ON (s.agent_id) s.*, s.disconnected_at IS NOT NULL AS ended
      FROM viw.agent_sessions s WHERE s.agent_id = ANY (${rows.map((r) => r.entry.agent_id)}::text[])
      ORDER BY s.agent_id, s.epoch DESC, s.session_id DESC
    ), locked AS (
      SELECT n.* FROM viw.os_gateways g JOIN newest n USING (agent_id)
      WHERE g.state <> 'decommissioned' AND (n.epoch, n.ended) > (g.epoch, g.session_ended)
      ORDER BY g.agent_id FOR UPDATE OF g
    )
    UPDATE viw.os_gateways g SET
      epoch = l.epoch, session_ended = l.ended, session_id = l.session_id, hub = l.hub, remote_ip = l.remote_ip,
      connected = CASE WHEN l.reason = 'replaced' THEN g.connected ELSE NOT l.ended END,
      first_seen_at = coalesce(g.first_seen_at, l.connected_at, l.disconnected_at),
      last_seen_at = greatest(g.last_seen_at, least(coalesce(l.disconnected_at, l.connected_at), now())),
      lost_at = CASE WHEN l.ended THEN l.disconnected_at ELSE g.lost_at END,
      state = CASE
        WHEN g.state = 'discovered' OR l.reason = 'replaced' THEN g.state
        WHEN NOT l.ended THEN 'connected'
        WHEN l.reason IN ('shutdown', 'hub_restarting') THEN 'offline'
        ELSE 'lost' END
    FROM locked l WHERE g.agent_id = l.agent_id AND (l.epoch, l.ended) > (g.epoch, g.session_ended)
    RETURNING g.agent_id`.execute(db);
  return changed.map((row) => row.agent_id);
}

async function beat(db: Db, signs: readonly SignOfLife[]): Promise<void> {
  await sql`
    WITH heard AS (
      SELECT session_id, max(at) AS at FROM unnest(
        ${signs.map((s) => s.session_id)}::text[], ${signs.map((s) => s.at)}::timestamptz[]) AS i (session_id, at)
      GROUP BY session_id
    ), locked AS (
      SELECT s.session_id, h.at FROM viw.agent_sessions s JOIN heard h USING (session_id)
      ORDER BY s.session_id FOR UPDATE OF s
    )
    UPDATE viw.agent_sessions s SET last_heartbeat_at = greatest(s.last_heartbeat_at, l.at)
    FROM locked l WHERE s.session_id = l.session_id`.execute(db);
}
