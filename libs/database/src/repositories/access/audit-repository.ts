import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { AuditOutcome } from '../../schema/audit';
import type { Principal } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

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

export interface AuditRecord {
  id: number;
  at: string;
  actor_kind: string;
  actor_id: string;
  actor_name: string | null;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  outcome: AuditOutcome;
  correlation_id: string | null;
  address: string | null;
  detail: Record<string, unknown>;
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

/** Append-only: no role of a service may change or delete a line. */
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
  async list(
    options: ListOptions & { readonly sinceHours?: number; readonly actorId?: string } = {},
  ): Promise<Page<AuditRecord>> {
    const limit = limitOf(options);
    const before =
      options.cursor === undefined ? undefined : decodeCursor(options.cursor, [cursorShape.number])[0];
    const { rows } = await sql<AuditRecord>`
      SELECT id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, outcome, correlation_id, address,
        detail
      FROM viw.audit_log
      WHERE ${before === undefined ? sql`true` : sql`id < ${before}::bigint`}
        AND ${options.actorId === undefined ? sql`true` : sql`actor_id = ${options.actorId}`}
        AND ${options.sinceHours === undefined ? sql`true` : sql`at > now() - make_interval(hours => ${options.sinceHours})`}
      ORDER BY id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    return pageOf(
      rows,
      limit,
      (row) => [String(row.id)],
      (row) => row,
    );
  }
}
