import type { GatewayState, HostMetrics } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { Instant, InstantDefault, InstantOrNull, Json, JsonDefault, JsonOrNull } from './columns';

export interface OsGatewaysTable {
  agent_id: string;
  display_name: string | null;
  site: string | null;
  labels: JsonDefault<Record<string, string>>;
  min_version: string | null;
  /** Secret arguments may be sent to it in clear. */
  allow_plain_secrets: Generated<boolean>;
  state: GatewayState;
  registered_at: InstantOrNull;
  decommissioned_at: InstantOrNull;
  /** Credentials revoked, and no new proof of identity since. */
  revoked_at: InstantOrNull;
  hello_epoch: Generated<number>;
  reported_site: string | null;
  version: string | null;
  hostname: string | null;
  os: string | null;
  kernel: string | null;
  container_engine: string | null;
  supported_verbs: JsonDefault<string[]>;
  capabilities: JsonDefault<string[]>;
  max_concurrency: number | null;
  agent_started_at: InstantOrNull;
  epoch: Generated<number>;
  session_ended: Generated<boolean>;
  session_id: string | null;
  hub: string | null;
  remote_ip: string | null;
  connected: Generated<boolean>;
  first_seen_at: InstantOrNull;
  last_seen_at: InstantOrNull;
  lost_at: InstantOrNull;
}

/**
 * `sealing`: the helper's key for secret arguments. `signing`: signs results. `agent`: proves identity to a hub.
 * `certificate`: a client certificate that does the same, known by its SHA-256 only.
 */
export type CredentialKind = 'sealing' | 'signing' | 'agent' | 'certificate';

export interface GatewayCredentialsTable {
  id: string;
  agent_id: string;
  kind: CredentialKind;
  public_jwk: JsonOrNull<Record<string, string>>;
  certificate_sha256: string | null;
  active: Generated<boolean>;
  created_at: InstantDefault;
  /** Taken from the gateway: it never counts again. */
  revoked_at: InstantOrNull;
  /** Made room for the next one of its kind. */
  replaced_at: InstantOrNull;
  /** The agent itself has replaced it: hubs take it until then. At most one per gateway and kind has this. */
  overlap_until: InstantOrNull;
}

export interface EnrollmentTokensTable {
  id: string;
  agent_id: string;
  /** SHA-256 in hex. */
  token_hash: string;
  created_at: InstantDefault;
  expires_at: Instant;
  used_at: InstantOrNull;
  /** Address from which it was used. */
  used_from: string | null;
  /** Superseded by a newer one, or closed by a revocation. */
  voided_at: InstantOrNull;
}

export interface GatewayRegistryTable {
  one: Generated<boolean>;
  version: number;
  frozen: boolean;
  frozen_reason: string | null;
  frozen_at: InstantOrNull;
}

export interface OsGatewayStatusTable {
  agent_id: string;
  epoch: number;
  seq: number;
  ts: Instant;
  received_at: Instant;
  metrics: Json<HostMetrics>;
  cpu_pct: number | null;
  mem_used_pct: number | null;
  load_1: number | null;
  sessions: number | null;
}

export interface OsGatewayPointsTable {
  agent_id: string;
  bucket: Instant;
  epoch: number;
  seq: number;
  cpu_pct: number | null;
  mem_used_pct: number | null;
  load_1: number | null;
  sessions: number | null;
}

export interface AgentSessionsTable {
  session_id: string;
  agent_id: string;
  hub: string;
  conn_id: string;
  epoch: number;
  remote_ip: string;
  connected_at: InstantOrNull;
  last_heartbeat_at: InstantOrNull;
  disconnected_at: InstantOrNull;
  reason: string | null;
  code: number | null;
  replaced_by: string | null;
  stored_at: InstantDefault;
}

export interface AgentEventsTable {
  agent_id: string;
  event_id: string;
  kind: string;
  name: string;
  data: JsonOrNull<Record<string, unknown>>;
  ts: Instant;
  received_at: Instant;
  stored_at: InstantDefault;
}
