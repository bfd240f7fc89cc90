import type { CommandStatus, ResultSignature, ResultStatus } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { Instant, InstantDefault, InstantOrNull, Json } from './columns';

export interface AgentCommandsTable {
  correlation_id: string;
  agent_id: string;
  verb: string;
  parameters_redacted: Json<Record<string, unknown>>;
  /** Empty: erased, because it held secrets in clear and the command has ended. */
  jws: string;
  plain_secrets: Generated<boolean>;
  status: Generated<CommandStatus>;
  reason: string | null;
  idempotency_key: string | null;
  issued_by_kind: string;
  issued_by_id: string;
  issued_by_name: string;
  accepted_at: Instant;
  expires_at: Instant;
  timeout_s: number;
  queued_at: InstantOrNull;
  dispatched_at: InstantOrNull;
  acknowledged_at: InstantOrNull;
  cancel_requested_at: InstantOrNull;
  finished_at: InstantOrNull;
  /** When the secret members of its result were shown; they are shown once. */
  secrets_shown_at: InstantOrNull;
}

export interface AgentCommandResultsTable {
  id: Generated<number>;
  agent_id: string;
  result_id: string;
  event_id: string;
  correlation_id: string;
  verb: string;
  status: ResultStatus;
  rc: number | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  duration_ms: number;
  started_at: Instant;
  finished_at: Instant;
  error_code: string | null;
  error_msg: string | null;
  sig: string | null;
  hub: string;
  session_id: string;
  epoch: number;
  received_at: Instant;
  stored_at: InstantDefault;
  late: boolean;
  /** Null: stored before signatures were looked at. */
  signature: ResultSignature | null;
  /** False: evidence that has ended nothing. */
  believed: Generated<boolean>;
}
