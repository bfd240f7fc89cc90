import type { ServerProbe, ServerProbeResult } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { Asker } from '../audit/work-audit';
import { auditLine, workAsker } from '../audit/work-audit';
import type { RepositoryDeps } from '../repository';

const columns = sql`state, requested_at, finished_at, result`;

/** A worker that took one and has not finished it by then is given up, seconds. */
const GIVEN_UP_S = 120;
const isAbandoned = sql`state = 'running' AND started_at < now() - make_interval(secs => ${GIVEN_UP_S})`;
/** So many workers take one up in turn; then it is ended, since it may be what ends them. */
const MAX_ATTEMPTS = 3;

const unfinished: ServerProbeResult = {
  host_key: null,
  host_key_confirmed: false,
  nginx: null,
  error: {
    code: 'TIMEOUT',
    msg: `the look at this server was begun ${MAX_ATTEMPTS} times and never came to its end: it took too long, or ended the worker each time`,
  },
};

/** Of `ended`, into the audit log. */
const endLine = sql`INSERT INTO ${auditLine}
  SELECT ${workAsker}, 'server.probe.ended', 'server', server_id::text,
    CASE WHEN jsonb_typeof(result -> 'error') = 'object' THEN 'failure' ELSE 'success' END,
    jsonb_strip_nulls(jsonb_build_object('host_key_confirmed', result -> 'host_key_confirmed',
      'error_code', result -> 'error' ->> 'code'))
  FROM ended`;

/** Looks at servers: one per server, asked for by the backend, carried out by a cert-worker. */
export class ServerProbeRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** What was found before stays to be seen. @throws AppError NOT_FOUND */
  async request(serverId: string, { by, correlation_id }: Asker): Promise<ServerProbe> {
    const { rows } = isUuid(serverId)
      ? await sql<ServerProbe>`
          INSERT INTO viw.server_probes (server_id, asked_by_kind, asked_by_id, asked_by_name, correlation_id)
          SELECT id, ${by.kind}, ${by.id}, ${by.name}, ${correlation_id ?? null}::uuid FROM viw.nginx_servers WHERE id = ${serverId}
          ON CONFLICT (server_id) DO UPDATE SET state = 'requested', requested_at = now(), attempts = 0,
            asked_by_kind = excluded.asked_by_kind, asked_by_id = excluded.asked_by_id,
            asked_by_name = excluded.asked_by_name, correlation_id = excluded.correlation_id
          RETURNING ${columns}`.execute(this.deps.db)
      : { rows: [] };
    if (!rows[0]) throw new AppError('NOT_FOUND', 'No such server');
    return rows[0];
  }

  async get(serverId: string): Promise<ServerProbe | undefined> {
    if (!isUuid(serverId)) return undefined;
    const { rows } = await sql<ServerProbe>`
      SELECT ${columns} FROM viw.server_probes WHERE server_id = ${serverId}`.execute(this.deps.db);
    return rows[0];
  }

  /** The server that has waited longest, for this worker alone. One that was taken too often is ended with an error. */
  async take(): Promise<string | undefined> {
    await sql`WITH ended AS (
      UPDATE viw.server_probes SET state = 'done', finished_at = now(), result = ${JSON.stringify(unfinished)}::jsonb
        WHERE ${isAbandoned} AND attempts >= ${MAX_ATTEMPTS} RETURNING *)
      ${endLine}`.execute(this.deps.db);
    const { rows } = await sql<{ server_id: string }>`
      UPDATE viw.server_probes p SET state = 'running', started_at = now(), attempts = attempts + 1
      FROM (SELECT server_id FROM viw.server_probes
        WHERE state = 'requested' OR (${isAbandoned} AND attempts < ${MAX_ATTEMPTS})
        ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS next
      WHERE p.server_id = next.server_id RETURNING p.server_id`.execute(this.deps.db);
    return rows[0]?.server_id;
  }

  /** One that was asked for again meanwhile stays asked for. */
  async finish(serverId: string, result: ServerProbeResult): Promise<void> {
    await sql`WITH ended AS (
      UPDATE viw.server_probes SET result = ${JSON.stringify(result)}::jsonb, finished_at = now(),
        state = CASE WHEN state = 'running' THEN 'done' ELSE state END
        WHERE server_id = ${serverId} RETURNING *)
      ${endLine}`.execute(this.deps.db);
  }
}
