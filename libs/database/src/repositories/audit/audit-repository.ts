import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { AuditOutcome } from '../../schema/audit';
import type { Principal } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';
import type { ChainedAuditRecord } from './audit-record';
import { auditRecordColumns } from './audit-record';

export interface AuditEntry {
  readonly actor: Principal;
  /** `gateway.register`, `session.create`, … */
  readonly action: string;
  readonly object?: { readonly kind: string; readonly id: string } | undefined;
  readonly outcome: AuditOutcome;
  readonly correlation_id?: string | undefined;
  readonly address?: string | undefined;
  /** No secrets: nobody can remove them again. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditFilter {
  readonly sinceHours?: number | undefined;
  readonly actorId?: string | undefined;
  /** Who did it, or to whom it was done. */
  readonly userId?: string | undefined;
  readonly action?: string | undefined;
  readonly objectKind?: string | undefined;
  readonly objectId?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly correlationId?: string | undefined;
  /** ISO 8601, inclusive. */
  readonly from?: string | undefined;
  /** ISO 8601, exclusive. */
  readonly to?: string | undefined;
}

/** The line's columns, other than those that Postgres fills in. */
export const auditColumns = ({
  actor,
  action,
  object,
  outcome,
  correlation_id,
  address,
  detail,
}: AuditEntry) => ({
  actor_kind: actor.kind,
  actor_id: actor.id,
  actor_name: actor.name,
  action,
  object_kind: object?.kind ?? null,
  object_id: object?.id ?? null,
  outcome,
  correlation_id: correlation_id ?? null,
  address: address ?? null,
  detail: detail ?? {},
});

/** Append-only: no role of a service may change a line, and none goes but by a cut (`AuditArchiveRepository`). */
export class AuditRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Inside the transaction of what it records, so that neither is there without the other. */
  async append(entry: AuditEntry): Promise<void> {
    const { detail, ...line } = auditColumns(entry);
    await this.deps.db
      .insertInto('audit_log')
      .values({ ...line, detail: JSON.stringify(detail) })
      .execute();
  }

  /** Newest first. */
  async list(options: ListOptions & AuditFilter = {}): Promise<Page<ChainedAuditRecord>> {
    const limit = limitOf(options);
    const before =
      options.cursor === undefined ? undefined : decodeCursor(options.cursor, [cursorShape.number])[0];
    const where = conditions(options);
    const { rows } = await sql<ChainedAuditRecord>`
      SELECT ${auditRecordColumns}, c.seq, c.hash
      FROM viw.audit_log a LEFT JOIN viw.audit_chain c ON c.entry_id = a.id
      WHERE ${where} AND ${before === undefined ? sql`true` : sql`a.id < ${before}::bigint`}
      ORDER BY a.id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    const total = options.total ? await this.#count(where) : undefined;
    return pageOf(
      rows,
      limit,
      (row) => [String(row.id)],
      (row) => row,
      total,
    );
  }

  /** Oldest first, all of them, so many at a time; what is written meanwhile is not among them. */
  async *batches(filter: AuditFilter, size: number): AsyncGenerator<readonly ChainedAuditRecord[]> {
    const { rows: newest } = await sql<{
      id: number | null;
    }>`SELECT max(id) AS id FROM viw.audit_log`.execute(this.deps.db);
    const last = newest[0]?.id ?? 0;
    for (let after = 0; after < last;) {
      const { rows } = await sql<ChainedAuditRecord>`
        SELECT ${auditRecordColumns}, c.seq, c.hash
        FROM viw.audit_log a LEFT JOIN viw.audit_chain c ON c.entry_id = a.id
        WHERE ${conditions(filter)} AND a.id > ${after} AND a.id <= ${last} ORDER BY a.id LIMIT ${size}`.execute(
        this.deps.db,
      );
      if (rows.length > 0) yield rows;
      after = rows.length < size ? last : (rows.at(-1)?.id ?? last);
    }
  }

  /** When the first line that is there was written. */
  async oldestAt(): Promise<string | undefined> {
    const { rows } = await sql<{ at: string }>`SELECT at FROM viw.audit_log ORDER BY id LIMIT 1`.execute(
      this.deps.db,
    );
    return rows[0]?.at;
  }

  async #count(where: RawBuilder<unknown>): Promise<number> {
    const { rows } = await sql<{
      n: number;
    }>`SELECT count(*) AS n FROM viw.audit_log a WHERE ${where}`.execute(this.deps.db);
    return rows[0]?.n ?? 0;
  }
}

function conditions(filter: AuditFilter): RawBuilder<unknown> {
  const { sinceHours, actorId, userId, action, objectKind, objectId, outcome, correlationId, from, to } =
    filter;
  const parts = [
    sinceHours === undefined ? undefined : sql`a.at > now() - make_interval(hours => ${sinceHours})`,
    actorId === undefined ? undefined : sql`a.actor_id = ${actorId}`,
    userId === undefined
      ? undefined
      : sql`(a.actor_id = ${userId} OR (a.object_kind = 'user' AND a.object_id = ${userId}))`,
    action === undefined ? undefined : sql`a.action = ${action}`,
    objectKind === undefined ? undefined : sql`a.object_kind = ${objectKind}`,
    objectId === undefined ? undefined : sql`a.object_id = ${objectId}`,
    outcome === undefined ? undefined : sql`a.outcome = ${outcome}`,
    correlationId === undefined ? undefined : sql`a.correlation_id = ${correlationId}::uuid`,
    from === undefined ? undefined : sql`a.at >= ${from}::timestamptz`,
    to === undefined ? undefined : sql`a.at < ${to}::timestamptz`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? sql`true` : sql.join(parts, sql` AND `);
}
