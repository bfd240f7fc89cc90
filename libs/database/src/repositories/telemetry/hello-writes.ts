import type { AgentHelloBody } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';

/** Of each agent the HELLO of its newest session, sorted by agent. */
function newestPerAgent(batch: readonly AgentHelloBody[]): AgentHelloBody[] {
  const newest = new Map<string, AgentHelloBody>();
  for (const entry of batch) {
    const known = newest.get(entry.hello.agent_id);
    if (!known || entry.epoch > known.epoch) newest.set(entry.hello.agent_id, entry);
  }
  return [...newest.values()].sort((a, b) => (a.hello.agent_id < b.hello.agent_id ? -1 : 1));
}

/**
 * Facts of HELLOs; an older epoch, and the same one again, change nothing. What people set is never touched: a reported
 * site becomes the gateway's own only when the HELLO creates it. Unknown agents appear as `discovered`, decommissioned
 * ones stay as they are. A HELLO of a session not known to have ended also counts as the start of that session.
 * @returns agents that changed, sorted
 */
export async function applyHellos(db: Db, batch: readonly AgentHelloBody[]): Promise<string[]> {
  const rows = newestPerAgent(batch);
  const { rows: changed } = await sql<{ agent_id: string }>`
    INSERT INTO viw.os_gateways AS g
      (agent_id, state, hello_epoch, site, reported_site, version, hostname, os, kernel, container_engine,
       supported_verbs, capabilities, max_concurrency, agent_started_at, epoch, session_ended, session_id, hub, remote_ip,
       connected, first_seen_at, last_seen_at)
    SELECT i.agent_id, 'discovered', i.epoch, i.site, i.site, i.version, i.hostname, i.os, i.kernel, i.container_engine,
      i.verbs, i.capabilities, i.max_concurrency, i.started_at, i.epoch, ended.yes, i.session_id, i.hub, i.ip,
      NOT ended.yes, i.received_at, least(i.received_at, now())
    FROM unnest(
      ${rows.map((r) => r.hello.agent_id)}::text[], ${rows.map((r) => r.epoch)}::bigint[],
      ${rows.map((r) => r.hello.site ?? null)}::text[], ${rows.map((r) => r.hello.version)}::text[],
      ${rows.map((r) => r.hello.hostname ?? null)}::text[], ${rows.map((r) => r.hello.os ?? null)}::text[],
      ${rows.map((r) => r.hello.kernel ?? null)}::text[],
      ${rows.map((r) => r.hello.container_engine ?? null)}::text[],
      ${rows.map((r) => JSON.stringify(r.hello.supported_verbs ?? []))}::jsonb[],
      ${rows.map((r) => JSON.stringify(r.hello.capabilities))}::jsonb[],
      ${rows.map((r) => r.hello.max_concurrency ?? null)}::int[],
      ${rows.map((r) => r.hello.start_time ?? null)}::timestamptz[], ${rows.map((r) => r.session_id)}::text[],
      ${rows.map((r) => r.hub)}::text[], ${rows.map((r) => r.ip)}::text[],
      ${rows.map((r) => r.received_at)}::timestamptz[]
    ) AS i (agent_id, epoch, site, version, hostname, os, kernel, container_engine, verbs, capabilities,
            max_concurrency, started_at, session_id, hub, ip, received_at)
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM viw.agent_sessions s WHERE s.session_id = i.session_id
      AND s.disconnected_at IS NOT NULL) AS yes) AS ended
    ON CONFLICT (agent_id) DO UPDATE SET
      hello_epoch = excluded.hello_epoch, reported_site = excluded.reported_site, version = excluded.version,
      hostname = excluded.hostname, os = excluded.os, kernel = excluded.kernel,
      container_engine = excluded.container_engine, supported_verbs = excluded.supported_verbs,
      capabilities = excluded.capabilities, max_concurrency = excluded.max_concurrency,
      agent_started_at = excluded.agent_started_at,
      first_seen_at = coalesce(g.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(g.last_seen_at, excluded.last_seen_at),
      epoch = greatest(g.epoch, excluded.epoch),
      session_ended = CASE WHEN excluded.epoch > g.epoch THEN excluded.session_ended ELSE g.session_ended END,
      session_id = CASE WHEN excluded.epoch > g.epoch THEN excluded.session_id ELSE g.session_id END,
      hub = CASE WHEN excluded.epoch > g.epoch THEN excluded.hub ELSE g.hub END,
      remote_ip = CASE WHEN excluded.epoch > g.epoch THEN excluded.remote_ip ELSE g.remote_ip END,
      connected = CASE WHEN excluded.epoch > g.epoch THEN excluded.connected ELSE g.connected END,
      state = CASE WHEN excluded.epoch > g.epoch AND excluded.connected AND g.state <> 'discovered'
        THEN 'connected' ELSE g.state END
    WHERE excluded.hello_epoch > g.hello_epoch AND g.state <> 'decommissioned'
    RETURNING agent_id`.execute(db);
  return changed.map((row) => row.agent_id).sort();
}
