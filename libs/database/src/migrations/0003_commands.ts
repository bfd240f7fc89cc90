import type { Migration } from './migration';

export const commands: Migration = {
  name: '0003_commands',
  sql: `
CREATE TABLE viw.agent_commands (
  correlation_id uuid PRIMARY KEY,
  agent_id text NOT NULL,
  verb text NOT NULL,
  parameters_redacted jsonb NOT NULL,
  -- Signed; secret arguments are sealed inside it.
  jws text NOT NULL,
  status text NOT NULL DEFAULT 'accepted' CHECK (status IN ('accepted', 'queued', 'dispatched', 'acknowledged',
    'succeeded', 'failed', 'denied', 'timeout', 'expired', 'cancelled', 'unknown')),
  reason text,
  idempotency_key text,
  issued_by_kind text NOT NULL,
  issued_by_id text NOT NULL,
  issued_by_name text NOT NULL,
  accepted_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  timeout_s int NOT NULL,
  queued_at timestamptz(3),
  dispatched_at timestamptz(3),
  acknowledged_at timestamptz(3),
  cancel_requested_at timestamptz(3),
  finished_at timestamptz(3)
);
CREATE UNIQUE INDEX agent_commands_idempotency ON viw.agent_commands (issued_by_kind, issued_by_id, idempotency_key);
CREATE INDEX agent_commands_newest ON viw.agent_commands (agent_id, accepted_at DESC, correlation_id DESC);
CREATE INDEX agent_commands_open ON viw.agent_commands (expires_at, agent_id)
  WHERE status IN ('accepted', 'queued', 'dispatched', 'acknowledged');

-- Append-only by grant. No foreign key: evidence is kept whether or not its command is known.
CREATE TABLE viw.agent_command_results (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  agent_id text NOT NULL,
  result_id uuid NOT NULL,
  event_id uuid NOT NULL,
  correlation_id uuid NOT NULL,
  verb text NOT NULL,
  status text NOT NULL CHECK (status IN ('success', 'error', 'denied', 'timeout', 'unknown')),
  rc int,
  stdout text NOT NULL,
  stderr text NOT NULL,
  truncated boolean NOT NULL,
  duration_ms double precision NOT NULL,
  started_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3) NOT NULL,
  error_code text,
  error_msg text,
  sig text,
  hub text NOT NULL,
  session_id text NOT NULL,
  epoch bigint NOT NULL,
  received_at timestamptz(3) NOT NULL,
  stored_at timestamptz(3) NOT NULL DEFAULT now(),
  late boolean NOT NULL,
  UNIQUE (agent_id, result_id)
);
CREATE INDEX agent_command_results_command ON viw.agent_command_results (correlation_id, agent_id);
`,
};
