import type { CommandRecord, CommandStatus, ResultStatus, RunCommandBody } from '@viw/contracts';
import { sql } from 'kysely';

/** States from which a command still moves on. */
export const openStatuses = sql`('accepted', 'queued', 'dispatched', 'acknowledged')`;

/** Columns of a command with the result that counts: the one in time, else the newest late one, else one not believed. */
export const commandColumns = sql`
  c.correlation_id, c.agent_id, c.verb, c.parameters_redacted, c.status, c.reason, c.issued_by_name, c.accepted_at,
  c.expires_at, c.dispatched_at, c.acknowledged_at, c.finished_at, r.result`;

export const resultJoin = sql`
  LEFT JOIN LATERAL (
    SELECT jsonb_build_object('result_id', r.result_id, 'status', r.status, 'rc', r.rc, 'stdout', r.stdout,
      'stderr', r.stderr, 'truncated', r.truncated, 'duration_ms', r.duration_ms, 'late', r.late,
      'signature', r.signature, 'believed', r.believed,
      'received_at', to_char(r.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'error', CASE WHEN r.error_code IS NOT NULL
        THEN jsonb_build_object('code', r.error_code, 'msg', coalesce(r.error_msg, '')) END) AS result
    FROM viw.agent_command_results r
    WHERE r.correlation_id = c.correlation_id AND r.agent_id = c.agent_id
    ORDER BY NOT r.believed, r.late, r.id DESC LIMIT 1) AS r ON true`;

export interface CommandRow {
  correlation_id: string;
  agent_id: string;
  verb: string;
  parameters_redacted: Record<string, unknown>;
  status: CommandStatus;
  reason: string | null;
  issued_by_name: string;
  accepted_at: string;
  expires_at: string;
  dispatched_at: string | null;
  acknowledged_at: string | null;
  finished_at: string | null;
  result: CommandRecord['result'];
}

export const recordOf = ({ parameters_redacted, issued_by_name, ...row }: CommandRow): CommandRecord => ({
  ...row,
  parameters: parameters_redacted,
  issued_by: issued_by_name,
});

export type SignedCommand = Omit<RunCommandBody, 'kind'>;

export const runBody = (command: SignedCommand): RunCommandBody => ({
  kind: 'run',
  correlation_id: command.correlation_id,
  agent_id: command.agent_id,
  verb: command.verb,
  accepted_at: command.accepted_at,
  expires_at: command.expires_at,
  timeout_s: command.timeout_s,
  jws: command.jws,
});

/** What a RESULT makes of its command. */
export const statusOfResult = {
  success: 'succeeded',
  error: 'failed',
  denied: 'denied',
  timeout: 'timeout',
  unknown: 'unknown',
} as const satisfies Record<ResultStatus, CommandStatus>;

/** A command whose state moved on. */
export interface CommandChange {
  correlation_id: string;
  agent_id: string;
  status: CommandStatus;
}
