import type { Migration } from './migration';

export const gateways: Migration = {
  name: '0001_gateways',
  sql: `
CREATE TABLE viw.os_gateways (
  agent_id text PRIMARY KEY,
  -- Set by people, never by a HELLO.
  display_name text,
  site text,
  labels jsonb NOT NULL DEFAULT '{}',
  min_version text,
  state text NOT NULL CHECK (state IN ('discovered', 'expected', 'connected', 'offline', 'lost', 'decommissioned')),
  registered_at timestamptz(3),
  decommissioned_at timestamptz(3),
  -- Facts of the newest HELLO, guarded by hello_epoch.
  hello_epoch bigint NOT NULL DEFAULT -1,
  reported_site text,
  version text,
  hostname text,
  os text,
  kernel text,
  container_engine text,
  supported_verbs jsonb NOT NULL DEFAULT '[]',
  capabilities jsonb NOT NULL DEFAULT '[]',
  max_concurrency int,
  agent_started_at timestamptz(3),
  -- Facts of the newest session, guarded by (epoch, session_ended).
  epoch bigint NOT NULL DEFAULT -1,
  session_ended boolean NOT NULL DEFAULT false,
  session_id text,
  hub text,
  remote_ip text,
  connected boolean NOT NULL DEFAULT false,
  first_seen_at timestamptz(3),
  last_seen_at timestamptz(3),
  lost_at timestamptz(3)
);
CREATE INDEX os_gateways_state ON viw.os_gateways (state);
CREATE INDEX os_gateways_labels ON viw.os_gateways USING gin (labels jsonb_path_ops);
CREATE INDEX os_gateways_connected_last_seen ON viw.os_gateways (last_seen_at) WHERE connected;

CREATE TABLE viw.gateway_credentials (
  id uuid PRIMARY KEY,
  agent_id text NOT NULL REFERENCES viw.os_gateways (agent_id),
  kind text NOT NULL CHECK (kind IN ('sealing', 'signing', 'agent')),
  public_jwk jsonb NOT NULL,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  revoked_at timestamptz(3)
);
CREATE UNIQUE INDEX gateway_credentials_active ON viw.gateway_credentials (agent_id, kind) WHERE active;

-- What hubs are told: each delta of viw.gateway_registry carries the next version.
CREATE TABLE viw.gateway_registry (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version bigint NOT NULL DEFAULT 0,
  frozen boolean NOT NULL DEFAULT false,
  frozen_reason text,
  frozen_at timestamptz(3)
);
INSERT INTO viw.gateway_registry DEFAULT VALUES;

-- No foreign keys to os_gateways below: the streams are independent, telemetry may be stored before its HELLO.
CREATE TABLE viw.os_gateway_status (
  agent_id text PRIMARY KEY,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  ts timestamptz(3) NOT NULL,
  received_at timestamptz(3) NOT NULL,
  metrics jsonb NOT NULL,
  cpu_pct double precision,
  mem_used_pct double precision,
  load_1 double precision,
  sessions double precision
) WITH (fillfactor = 70);

CREATE TABLE viw.agent_sessions (
  session_id text PRIMARY KEY,
  agent_id text NOT NULL,
  hub text NOT NULL,
  conn_id text NOT NULL,
  epoch bigint NOT NULL,
  remote_ip text NOT NULL,
  connected_at timestamptz(3),
  last_heartbeat_at timestamptz(3),
  disconnected_at timestamptz(3),
  reason text,
  code int,
  replaced_by text
);
CREATE INDEX agent_sessions_agent ON viw.agent_sessions (agent_id, epoch DESC);

CREATE TABLE viw.agent_events (
  agent_id text NOT NULL,
  event_id uuid NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  data jsonb,
  ts timestamptz(3) NOT NULL,
  received_at timestamptz(3) NOT NULL,
  PRIMARY KEY (agent_id, event_id)
);
CREATE INDEX agent_events_newest ON viw.agent_events (agent_id, received_at DESC, event_id DESC);
`,
};
