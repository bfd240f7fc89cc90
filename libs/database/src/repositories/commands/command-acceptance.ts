import { commandsStream } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import type { Principal } from '../../schema/columns';
import type { AuditEntry } from '../audit/audit-repository';
import { auditColumns } from '../audit/audit-repository';
import type { SignedCommand } from './command-record';
import { runBody } from './command-record';
import type { CommandTarget, TargetRow } from './command-target';
import { targetOf } from './command-target';

/** What somebody asks for, by which a repetition is known. */
export interface CommandRequest {
  readonly correlation_id: string;
  readonly agent_id: string;
  readonly verb: string;
  /** Secret arguments replaced by "***". */
  readonly parameters_redacted: Readonly<Record<string, unknown>>;
  readonly issued_by: Principal;
  readonly idempotency_key?: string | undefined;
}

/** What is made of a request for its gateway. */
export type MadeCommand = Pick<SignedCommand, 'jws' | 'accepted_at' | 'expires_at' | 'timeout_s'> & {
  /** Secret arguments stand in it in clear. */
  readonly plain_secrets?: boolean;
  /** Of the verb's policy that it was made under; absent: the verb has none. */
  readonly policy_id?: string;
};

export interface Look {
  /** The command that this request was accepted as before. */
  readonly first: string | undefined;
  /** This request waits, or waited in vain, for a second person. */
  readonly asked: boolean;
  readonly target: CommandTarget;
  /** Of the target, for `storeAccepted`. */
  readonly seen: string | null;
}

interface LookRow extends TargetRow {
  readonly correlation_id: string | null;
  readonly same: boolean | null;
  /** Null: no approval has been asked for under this id. */
  readonly asked: boolean | null;
  readonly asked_same: boolean | null;
  /** It was approved before; what it was approved for is an accepted command, or forgotten. */
  readonly spent: boolean | null;
}

/** @throws AppError CONFLICT when the id or key was used by somebody else, for something else, or so long ago that its command is gone */
export async function lookBeforeAcceptance(db: Db, request: CommandRequest): Promise<Look> {
  const { correlation_id, agent_id, verb, parameters_redacted, issued_by: by, idempotency_key } = request;
  const parameters = JSON.stringify(parameters_redacted);
  const { rows } = await sql<LookRow>`
    SELECT t.*, c.correlation_id,
      (c.agent_id = ${agent_id} AND c.verb = ${verb} AND c.issued_by_kind = ${by.kind}
        AND c.issued_by_id = ${by.id} AND c.parameters_redacted = ${parameters}::jsonb
      ) AS same,
      r.status <> 'approved' AS asked,
      (r.kind = 'command' AND r.agent_id = ${agent_id} AND r.verb = ${verb} AND r.requested_by_kind = ${by.kind}
        AND r.requested_by_id = ${by.id} AND r.parameters_redacted = ${parameters}::jsonb
      ) AS asked_same,
      (r.status = 'approved' AND r.decided_at <> now()::timestamptz(3)) AS spent,
      p.version AS policy_version, p.roles AS policy_roles, p.approval AS policy_approval,
      p.approval_ttl_s AS policy_ttl_s, viw.policy_holds_gateway(p.selector, ${agent_id}) AS policy_here
    FROM viw.command_target(${agent_id}) AS t
    LEFT JOIN viw.verb_policies p ON p.verb = ${verb}
    LEFT JOIN viw.approval_requests r ON r.id = ${correlation_id}
    LEFT JOIN viw.agent_commands c ON c.correlation_id = ${correlation_id} OR (c.issued_by_kind = ${by.kind}
      AND c.issued_by_id = ${by.id} AND c.idempotency_key = ${idempotency_key ?? null}::text)`.execute(db);
  const found = rows.filter((row) => row.correlation_id !== null);
  const [any] = rows;
  const asked = any?.asked ?? null;
  if (found.some(({ same }) => same !== true) || found.length > 1 || (asked !== null && !any?.asked_same))
    throw new AppError('CONFLICT', 'The correlation id or idempotency key belongs to another request');
  // Commands are forgotten before the approvals that they had: an approval counts once, and an id that had one is not asked for anew.
  if (found.length === 0 && any?.spent === true)
    throw new AppError(
      'CONFLICT',
      'The command of this correlation id was approved once and is not kept any more',
    );
  return {
    first: found[0]?.correlation_id ?? undefined,
    asked: found.length === 0 && asked === true,
    target: targetOf(any, verb),
    seen: any?.seen ?? null,
  };
}

export interface StoreOptions {
  readonly seen: string | null;
  readonly maxOpen: number;
  readonly audit: AuditEntry | undefined;
}

/** See migrations 0023 and 0065. */
export type StoreOutcome =
  'accepted' | 'target_changed' | 'queue_full' | 'taken' | 'not_approved' | 'too_many_targets';

/** The command, its outbox row and its audit line, in one statement; or nothing. */
export async function storeAccepted(
  db: Db,
  { issued_by: by, ...command }: CommandRequest & MadeCommand,
  { seen, maxOpen, audit }: StoreOptions,
): Promise<StoreOutcome> {
  const row = {
    ...command,
    issued_by_kind: by.kind,
    issued_by_id: by.id,
    issued_by_name: by.name,
    plain_secrets: command.plain_secrets ?? false,
  };
  const entry = {
    stream: commandsStream.stream,
    event_id: uuidv7(),
    v: commandsStream.version,
    correlation_id: command.correlation_id,
    body: commandsStream.body.parse(runBody(command)),
  };
  const { rows } = await sql<{ outcome: StoreOutcome }>`
    SELECT viw.accept_command(${JSON.stringify(row)}::jsonb, ${JSON.stringify(entry)}::jsonb,
      ${audit ? JSON.stringify(auditColumns(audit)) : null}::jsonb, ${seen}::text, ${maxOpen}::int) AS outcome`.execute(
    db,
  );
  return rows[0]?.outcome ?? 'target_changed';
}
