import type { Alert, AlertsBody } from '@viw/contracts';
import { advisoryLocks, alertSubject, neverCleared } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import type { RepositoryDeps } from '../repository';
import { alertColumns } from './alert-record';
import type { AlertTransition } from './alert-record';

/** One entry of a stream of alerts. */
export interface RaisedOrCleared {
  readonly event_id: string;
  readonly correlation_id?: string | undefined;
  readonly body: AlertsBody;
}

/** What the stream says of alerts, brought into the table. */
export class AlertIntakeRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * In one transaction, the caller's if it has one. What has been applied before, or is older than what was applied to the same
   * key, changes nothing: so entries may come twice and in any order. Only one caller at a time gets through. Of what is
   * never cleared an entry that says so leaves no trace, and every other one is critical.
   * @returns what has changed, in the order of the entries
   */
  apply(entries: readonly RaisedOrCleared[]): Promise<AlertTransition[]> {
    return inTransaction(this.deps.db, async (trx) => {
      if (entries.length > 0)
        await sql`SELECT pg_advisory_xact_lock(${advisoryLocks.alertIntake})`.execute(trx);
      const transitions: AlertTransition[] = [];
      for (const entry of entries) {
        // Nor does it leave a mark, by which what was raised a moment before would be no news.
        if (entry.body.action === 'cleared' && lasts(entry)) continue;
        if (!(await isNews(trx, entry))) continue;
        const transition = await (entry.body.action === 'raised' ? raise : clear)(trx, entry);
        if (transition) transitions.push(transition);
      }
      return transitions;
    });
  }
}

const lasts = ({ body }: RaisedOrCleared): boolean =>
  neverCleared.includes(alertSubject(body.dedupe_key).kind);

/** A writer whose clock is ahead must not keep others from clearing what it raised. */
async function isNews(db: Db, { event_id, body }: RaisedOrCleared): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO viw.alert_marks AS m (dedupe_key, at, event_id)
    VALUES (${body.dedupe_key}, least(${body.at}::timestamptz, now()), ${event_id})
    ON CONFLICT (dedupe_key) DO UPDATE SET at = excluded.at, event_id = excluded.event_id
      WHERE excluded.event_id <> m.event_id AND (excluded.at, excluded.event_id) > (m.at, m.event_id)
    RETURNING 1`.execute(db);
  return rows.length > 0;
}

async function raise(db: Db, entry: RaisedOrCleared): Promise<AlertTransition> {
  const { body, event_id } = entry;
  const at = sql`least(${body.at}::timestamptz, now())`;
  const words = [lasts(entry) ? 'critical' : body.severity, body.title, body.detail ?? null] as const;
  const open = await sql<{ id: string; escalates: boolean }>`
    SELECT id, severity <> 'critical' AND ${words[0]} = 'critical' AS escalates FROM viw.alerts
    WHERE dedupe_key = ${body.dedupe_key} AND state <> 'resolved' FOR UPDATE`.execute(db);
  const [known] = open.rows;
  if (!known) {
    const { kind, about } = alertSubject(body.dedupe_key);
    const { rows } = await sql<Alert>`
      INSERT INTO viw.alerts AS a (id, dedupe_key, kind, severity, title, detail, about_kind, about_id, correlation_id,
        raised_at, last_raised_at)
      VALUES (${uuidv7()}, ${body.dedupe_key}, ${kind}, ${words[0]}, ${words[1]}, ${words[2]}, ${about?.kind ?? null},
        ${about?.id ?? null}, ${entry.correlation_id ?? null}, ${at}, ${at})
      RETURNING ${alertColumns}`.execute(db);
    return { change: 'raised', alert: only(rows), event_id, at: only(rows).raised_at };
  }
  // Somebody has acknowledged less than what it is now.
  const anew = known.escalates
    ? sql`, state = 'firing', acknowledged_at = NULL, acknowledged_by = NULL`
    : sql``;
  const { rows } = await sql<Alert>`
    UPDATE viw.alerts AS a SET severity = ${words[0]}, title = ${words[1]}, detail = ${words[2]},
      last_raised_at = ${at}, times = a.times + 1 ${anew}
    WHERE id = ${known.id} RETURNING ${alertColumns}`.execute(db);
  const alert = only(rows);
  return { change: known.escalates ? 'escalated' : 'repeated', alert, event_id, at: alert.last_raised_at };
}

async function clear(db: Db, { body, event_id }: RaisedOrCleared): Promise<AlertTransition | undefined> {
  const { rows } = await sql<Alert>`
    UPDATE viw.alerts AS a SET state = 'resolved', resolution = 'cleared',
      resolved_at = greatest(a.last_raised_at, least(${body.at}::timestamptz, now()))
    WHERE dedupe_key = ${body.dedupe_key} AND state <> 'resolved' RETURNING ${alertColumns}`.execute(db);
  const [alert] = rows;
  return alert && { change: 'resolved', alert, event_id, at: alert.resolved_at ?? body.at };
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new TypeError('a row that was just written is not there');
  return row;
}
