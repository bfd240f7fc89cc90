import type { ServerProbe, ServerProbeResult } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

const columns = sql`state, requested_at, finished_at, result`;

/** A worker that took one and has not finished it by then is given up, seconds. */
const GIVEN_UP_S = 120;

/** Looks at servers: one per server, asked for by the backend, carried out by a cert-worker. */
export class ServerProbeRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** What was found before stays to be seen. @throws AppError NOT_FOUND */
  async request(serverId: string): Promise<ServerProbe> {
    const { rows } = isUuid(serverId)
      ? await sql<ServerProbe>`
          INSERT INTO viw.server_probes (server_id) SELECT id FROM viw.nginx_servers WHERE id = ${serverId}
          ON CONFLICT (server_id) DO UPDATE SET state = 'requested', requested_at = now()
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

  /** The server that has waited longest, for this worker alone. */
  async take(): Promise<string | undefined> {
    const { rows } = await sql<{ server_id: string }>`
      UPDATE viw.server_probes p SET state = 'running', started_at = now()
      FROM (SELECT server_id FROM viw.server_probes
        WHERE state = 'requested'
          OR (state = 'running' AND started_at < now() - make_interval(secs => ${GIVEN_UP_S}))
        ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS next
      WHERE p.server_id = next.server_id RETURNING p.server_id`.execute(this.deps.db);
    return rows[0]?.server_id;
  }

  /** One that was asked for again meanwhile stays asked for. */
  async finish(serverId: string, result: ServerProbeResult): Promise<void> {
    await sql`UPDATE viw.server_probes SET result = ${JSON.stringify(result)}::jsonb, finished_at = now(),
      state = CASE WHEN state = 'running' THEN 'done' ELSE state END
      WHERE server_id = ${serverId}`.execute(this.deps.db);
  }
}
