import type { Gateway, GatewaySummary, HostMetrics } from '@viw/contracts';
import { sql } from 'kysely';

/** Columns of a list row; `g` is os_gateways, `s` os_gateway_status. */
export const summaryColumns = sql`
  g.agent_id, g.display_name, coalesce(g.site, g.reported_site) AS site, g.labels, g.state, g.version,
  greatest(g.last_seen_at, CASE WHEN s.received_at > now() THEN now() ELSE s.received_at END) AS last_seen_at,
  s.cpu_pct, s.mem_used_pct, s.load_1, s.sessions`;

export const detailColumns = sql`${summaryColumns},
  g.hostname, g.os, g.kernel, g.min_version, g.allow_plain_secrets, g.supported_verbs, g.first_seen_at, g.registered_at,
  s.metrics, s.received_at AS metrics_at,
  g.container_engine, g.capabilities, g.connected, g.session_id, g.epoch, g.hub, g.remote_ip,
  EXISTS (SELECT FROM viw.gateway_credentials c
          WHERE c.agent_id = g.agent_id AND c.kind = 'sealing' AND c.active) AS has_sealing_key,
  EXISTS (SELECT FROM viw.gateway_credentials c
          WHERE c.agent_id = g.agent_id AND c.kind = 'agent' AND c.active) AS has_agent_key,
  EXISTS (SELECT FROM viw.gateway_credentials c
          WHERE c.agent_id = g.agent_id AND c.kind = 'certificate' AND c.active) AS has_client_certificate,
  g.revoked_at`;

/** A gateway as the API shows it, and what services need beside it. */
export interface GatewayDetail extends Gateway {
  metrics: HostMetrics | null;
  container_engine: string | null;
  capabilities: string[];
  /** An open session that is not silent; for discovered gateways too. */
  connected: boolean;
  session_id: string | null;
  epoch: number;
  hub: string | null;
  remote_ip: string | null;
}

export type GatewaySummaryRow = GatewaySummary;
