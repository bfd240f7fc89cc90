import { sql } from 'kysely';
import type { Db } from '../../connection';

/**
 * Ends sessions that nobody saw end, because their hub died: an agent has one session at a time, so one that was followed
 * by another of its agent was over at the latest when that began. They get its time and, in `replaced_by`, its id, but no
 * reason; their real end takes the place of that when it comes after all.
 *
 * @param sessionIds that are new or were changed: they and the sessions before them are looked at
 */
export async function endFollowedSessions(db: Db, sessionIds: readonly string[]): Promise<void> {
  await sql`
    WITH changed AS (
      SELECT agent_id, epoch, session_id FROM viw.agent_sessions WHERE session_id = ANY (${[...sessionIds]}::text[])
    ), concerned AS (
      SELECT session_id FROM changed
      UNION
      SELECT p.session_id FROM changed c CROSS JOIN LATERAL (
        SELECT session_id FROM viw.agent_sessions
        WHERE agent_id = c.agent_id AND (epoch, session_id) < (c.epoch, c.session_id)
        ORDER BY epoch DESC, session_id DESC LIMIT 1) p
    ), locked AS (
      SELECT s.session_id, s.agent_id, s.epoch FROM viw.agent_sessions s JOIN concerned USING (session_id)
      WHERE s.reason IS NULL ORDER BY s.session_id FOR UPDATE OF s
    )
    UPDATE viw.agent_sessions s SET disconnected_at = n.at, replaced_by = n.session_id
    FROM locked l CROSS JOIN LATERAL (
      SELECT session_id, coalesce(connected_at, disconnected_at) AS at FROM viw.agent_sessions
      WHERE agent_id = l.agent_id AND (epoch, session_id) > (l.epoch, l.session_id)
      ORDER BY epoch, session_id LIMIT 1) n
    WHERE s.session_id = l.session_id
      AND (s.disconnected_at, s.replaced_by) IS DISTINCT FROM (n.at, n.session_id)`.execute(db);
}
