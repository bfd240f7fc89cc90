import type { Alert, AlertFilter } from '@viw/contracts';
import { isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Scoped } from '../access/scope-conditions';
import { alertInScope } from '../access/scope-conditions';
import type { RepositoryDeps } from '../repository';
import { alertColumns } from './alert-record';

/** Alerts as people see them. */
export class AlertRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Newest first. */
  async list(options: ListOptions & Scoped & Partial<AlertFilter> = {}): Promise<Page<Alert>> {
    const limit = limitOf(options);
    const [before] = options.cursor === undefined ? [] : decodeCursor(options.cursor, [cursorShape.uuid]);
    const where = sql.join([alertInScope(options.scope), ...conditions(options)], sql` AND `);
    const { rows } = await sql<Alert>`
      SELECT ${alertColumns} FROM viw.alerts a
      WHERE ${where} AND ${before === undefined ? sql`true` : sql`a.id < ${before}::uuid`}
      ORDER BY a.id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    const total = options.total
      ? (
          await sql<{ n: number }>`SELECT count(*) AS n FROM viw.alerts a WHERE ${where}`.execute(
            this.deps.db,
          )
        ).rows[0]?.n
      : undefined;
    return pageOf(
      rows,
      limit,
      (row) => [row.id],
      (row) => row,
      total,
    );
  }

  async get(id: string): Promise<Alert | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await sql<Alert>`SELECT ${alertColumns} FROM viw.alerts a WHERE a.id = ${id}`.execute(
      this.deps.db,
    );
    return rows[0];
  }

  /** False when it does not fire any more, or never did. @param by shown to people */
  async acknowledge(id: string, by: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const { rows } = await sql`UPDATE viw.alerts SET state = 'acknowledged', acknowledged_at = now(),
      acknowledged_by = ${by} WHERE id = ${id} AND state = 'firing' RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** When a notifier last read the stream to its end. */
  async evaluatedAt(): Promise<string | null> {
    const row = await this.deps.db.selectFrom('alert_upkeep').select('evaluated_at').executeTakeFirst();
    return row?.evaluated_at ?? null;
  }
}

function* conditions({ state, severity, kind, about_kind, about_id }: Partial<AlertFilter>) {
  if (state !== undefined) yield state === 'open' ? sql`a.state <> 'resolved'` : sql`a.state = ${state}`;
  if (severity !== undefined) yield sql`a.severity = ${severity}`;
  if (kind !== undefined) yield sql`a.kind = ${kind}`;
  if (about_kind !== undefined) yield sql`a.about_kind = ${about_kind}`;
  if (about_id !== undefined) yield sql`a.about_id = ${about_id}`;
}
