import type { ApprovalKind, ApprovalStatus, VerbPolicyRules, X25519PublicKey } from '@viw/contracts';
import { advisoryLocks } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Principal } from '../../schema/columns';
import type { Scoped } from '../access/scope-conditions';
import { approvalInScope } from '../access/scope-conditions';
import type { AuditEntry } from '../audit/audit-repository';
import { AuditRepository } from '../audit/audit-repository';
import type { RepositoryDeps } from '../repository';
import type { ApprovalRecord, ApprovalRow } from './approval-record';
import { approvalColumns, approvalOf, currentStatus } from './approval-record';

interface Asked {
  readonly id: string;
  readonly verb: string;
  readonly policy_id: string;
  readonly requested_by: Principal;
  readonly reason: string | undefined;
  /** How long it waits, seconds, by the database's clock. */
  readonly waits_s: number;
}

export interface AskedCommand extends Asked {
  readonly agent_id: string;
  readonly parameters_redacted: Readonly<Record<string, unknown>>;
  /** As they will be signed: every secret one sealed. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Undefined: none is secret. */
  readonly sealing_key: X25519PublicKey | undefined;
  readonly ttl_s: number;
}

export interface AskedPolicyChange extends Asked {
  readonly from: VerbPolicyRules;
  /** Null: deletion. */
  readonly to: VerbPolicyRules | null;
  /** Of the policy that is to change. */
  readonly policy_version: number;
}

/** What only the approval itself needs. */
export interface LockedApproval {
  readonly record: ApprovalRecord;
  readonly arguments: Readonly<Record<string, unknown>> | null;
  readonly sealing_key: X25519PublicKey | null;
  readonly policy_version: number | null;
}

export interface WaitingLimits {
  /** One who asks may have half of them, so that a single key does not keep everybody from asking. */
  readonly perGateway: number;
  readonly perRequester: number;
}

export interface Decision {
  readonly status: Exclude<ApprovalStatus, 'waiting' | 'expired'>;
  readonly by: Principal;
  readonly note?: string | undefined;
}

/** What waits for a second person, and what became of it. */
export class ApprovalRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * With its audit line, in one transaction.
   * @returns false, and nothing has happened, when the id is that of another request or command
   * @throws AppError QUEUE_FULL
   */
  async askCommand(command: AskedCommand, limits: WaitingLimits, audit: AuditEntry): Promise<boolean> {
    return inTransaction(this.deps.db, async (trx) => {
      const stored = await new ApprovalRepository({ db: trx }).#storeCommand(command, limits);
      if (stored) await new AuditRepository({ db: trx }).append(audit);
      return stored;
    });
  }

  async #storeCommand(command: AskedCommand, limits: WaitingLimits): Promise<boolean> {
    const { agent_id: agent } = command;
    await this.#ask(command, limits, agent);
    const { rows } = await sql`
      INSERT INTO viw.approval_requests (id, kind, verb, agent_id, parameters_redacted, arguments, sealing_key, ttl_s,
        policy_id, requested_by_kind, requested_by_id, requested_by_name, reason, expires_at)
      SELECT ${command.id}, 'command', ${command.verb}, ${agent}, ${JSON.stringify(command.parameters_redacted)}::jsonb,
        ${JSON.stringify(command.arguments)}::jsonb,
        ${command.sealing_key ? JSON.stringify(command.sealing_key) : null}::jsonb, ${command.ttl_s}::int,
        ${this.#asker(command)}
      WHERE NOT EXISTS (SELECT FROM viw.agent_commands WHERE correlation_id = ${command.id}::uuid)
      ON CONFLICT DO NOTHING RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** For the caller's transaction. One change of a policy waits at a time. @throws AppError QUEUE_FULL, CONFLICT */
  async askPolicyChange(change: AskedPolicyChange, limits: WaitingLimits): Promise<void> {
    await this.#ask(change, limits, null);
    const { rows } = await sql`SELECT 1 FROM viw.approval_requests c
      WHERE c.kind = 'verb_policy' AND c.verb = ${change.verb} AND ${currentStatus} = 'waiting'`.execute(
      this.deps.db,
    );
    if (rows.length > 0)
      throw new AppError('CONFLICT', `A change of the policy of ${change.verb} waits for approval already`);
    await sql`
      INSERT INTO viw.approval_requests (id, kind, verb, policy_from, policy_to, policy_version,
        policy_id, requested_by_kind, requested_by_id, requested_by_name, reason, expires_at)
      SELECT ${change.id}, 'verb_policy', ${change.verb}, ${JSON.stringify(change.from)}::jsonb,
        ${change.to ? JSON.stringify(change.to) : null}::jsonb, ${change.policy_version}::bigint,
        ${this.#asker(change)}`.execute(this.deps.db);
  }

  async get(id: string, viewer: Principal): Promise<ApprovalRecord | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await sql<ApprovalRow>`
      SELECT ${approvalColumns(viewer)} FROM viw.approval_requests c WHERE c.id = ${id}`.execute(
      this.deps.db,
    );
    return rows[0] && approvalOf(rows[0]);
  }

  /** Until the end of the caller's transaction nobody else decides about it. */
  async lock(id: string, viewer: Principal): Promise<LockedApproval | undefined> {
    if (!isUuid(id)) return undefined;
    // Of two statements the second sees what was committed while the first waited.
    await sql`SELECT 1 FROM viw.approval_requests WHERE id = ${id} FOR UPDATE`.execute(this.deps.db);
    const { rows } = await sql<ApprovalRow & Omit<LockedApproval, 'record'>>`
      SELECT ${approvalColumns(viewer)}, c.arguments, c.sealing_key, c.policy_version
      FROM viw.approval_requests c WHERE c.id = ${id}`.execute(this.deps.db);
    const [row] = rows;
    if (row === undefined) return undefined;
    const { arguments: args, sealing_key, policy_version } = row;
    return { record: approvalOf(row), arguments: args, sealing_key, policy_version };
  }

  /** Of one that is locked; the later of two decisions in one transaction counts. */
  async decide(id: string, { status, by, note }: Decision): Promise<void> {
    await sql`UPDATE viw.approval_requests SET status = ${status}, decided_by_kind = ${by.kind},
        decided_by_id = ${by.id}, decided_by_name = ${by.name}, decided_at = now(), decision_note = ${note ?? null},
        arguments = NULL
      WHERE id = ${id}`.execute(this.deps.db);
  }

  /** Newest first. */
  async list(
    viewer: Principal,
    options: ListOptions &
      Scoped & {
        readonly status?: ApprovalStatus | undefined;
        readonly kind?: ApprovalKind | undefined;
      },
  ): Promise<Page<ApprovalRecord>> {
    const limit = limitOf(options);
    const after =
      options.cursor === undefined
        ? undefined
        : decodeCursor(options.cursor, [cursorShape.instant, cursorShape.uuid]);
    const where = sql`${approvalInScope(options.scope)}
      AND ${options.status === undefined ? sql`true` : sql`${currentStatus} = ${options.status}`}
      AND ${options.kind === undefined ? sql`true` : sql`c.kind = ${options.kind}`}`;
    const { rows } = await sql<ApprovalRow>`
      SELECT ${approvalColumns(viewer)} FROM viw.approval_requests c WHERE ${where}
        AND ${after ? sql`(c.requested_at, c.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)` : sql`true`}
      ORDER BY c.requested_at DESC, c.id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    const total = options.total
      ? (
          await sql<{ n: number }>`SELECT count(*) AS n FROM viw.approval_requests c WHERE ${where}`.execute(
            this.deps.db,
          )
        ).rows[0]?.n
      : undefined;
    return pageOf(rows, limit, (row) => [row.requested_at, row.id], approvalOf, total);
  }

  /** Notes what nobody decided in time, with its audit line. @returns what that was */
  async expire(limit = 500): Promise<{ id: string; agent_id: string | null }[]> {
    const { rows } = await sql<{ id: string; agent_id: string | null }>`
      WITH ended AS (UPDATE viw.approval_requests r SET status = 'expired', arguments = NULL
        WHERE r.id IN (SELECT o.id FROM viw.approval_requests o WHERE o.status = 'waiting' AND o.expires_at <= now()
          ORDER BY o.expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING r.*),
      noted AS (INSERT INTO viw.audit_log (actor_kind, actor_id, actor_name, action, object_kind, object_id, outcome, detail)
        SELECT 'system', 'backend', 'backend', 'approval.expire', e.kind,
          CASE e.kind WHEN 'command' THEN e.id::text ELSE e.verb END, 'success',
          jsonb_strip_nulls(jsonb_build_object('approval_id', e.id, 'verb', e.verb, 'agent_id', e.agent_id,
            'policy_id', e.policy_id, 'requested_by', jsonb_build_object('kind', e.requested_by_kind,
            'id', e.requested_by_id, 'name', e.requested_by_name)))
        FROM ended e)
      SELECT id, agent_id FROM ended`.execute(this.deps.db);
    return rows;
  }

  /** One who asks at a time, so that the limits hold. */
  async #ask(
    { requested_by: by }: Asked,
    { perGateway, perRequester }: WaitingLimits,
    agent: string | null,
  ): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(${advisoryLocks.approvalRequests})`.execute(this.deps.db);
    const own = sql`c.requested_by_kind = ${by.kind} AND c.requested_by_id = ${by.id}`;
    const { rows } = await sql<{ here: number; own: number; own_here: number }>`
      SELECT count(*) FILTER (WHERE c.agent_id = ${agent}::text) AS here, count(*) FILTER (WHERE ${own}) AS own,
        count(*) FILTER (WHERE c.agent_id = ${agent}::text AND ${own}) AS own_here
      FROM viw.approval_requests c WHERE c.status = 'waiting' AND c.expires_at > now()`.execute(this.deps.db);
    const [waiting = { here: 0, own: 0, own_here: 0 }] = rows;
    const full = (whose: string) =>
      new AppError('QUEUE_FULL', `${whose} too many requests that wait for approval`, {
        meta: { retry_after_s: 60 },
      });
    if (agent !== null && waiting.here >= perGateway) throw full(`${agent} has`);
    if (agent !== null && waiting.own_here >= perGateway / 2) throw full(`You have at ${agent}`);
    if (waiting.own >= perRequester) throw full('You have');
  }

  #asker({ policy_id, requested_by: by, reason, waits_s }: Asked) {
    return sql`${policy_id}, ${by.kind}, ${by.id}, ${by.name}, ${reason ?? null}::text,
      now() + make_interval(secs => ${waits_s})`;
  }
}
