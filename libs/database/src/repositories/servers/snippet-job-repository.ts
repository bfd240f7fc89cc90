import type { SnippetJob, SnippetResult } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Asker } from '../audit/work-audit';
import { auditLine, workAsker } from '../audit/work-audit';
import type { RepositoryDeps } from '../repository';

const columns = sql`id, kind, force, state, requested_at, finished_at, result`;

/** A worker that took one and has not finished it by then is given up, seconds: a deployment and its rollback fit in. */
const GIVEN_UP_S = 300;
const isAbandoned = sql`state = 'running' AND started_at < now() - make_interval(secs => ${GIVEN_UP_S})`;
/** So many workers take one up in turn; then it is ended, since it may be what ends them. */
const MAX_ATTEMPTS = 3;

const unfinished: SnippetResult = {
  directory: null,
  files: [],
  includes: [],
  applied: false,
  steps: [],
  error: {
    code: 'TIMEOUT',
    msg: `begun ${MAX_ATTEMPTS} times and never come to its end: look at the server, then ask again`,
  },
};

/** Of `ended`, into the audit log. */
const endLine = sql`INSERT INTO ${auditLine}
  SELECT ${workAsker}, 'virtual_host.' || kind || '.ended', 'virtual_host', virtual_host_id::text,
    CASE WHEN jsonb_typeof(result -> 'error') = 'object' THEN 'failure' ELSE 'success' END,
    jsonb_strip_nulls(jsonb_build_object('job_id', id, 'force', force, 'applied', result -> 'applied',
      'error_code', result -> 'error' ->> 'code'))
  FROM ended`;

export interface TakenSnippetJob {
  readonly id: string;
  readonly virtual_host_id: string;
  readonly kind: SnippetJob['kind'];
  readonly force: boolean;
  /** Which time it was taken: another worker that takes it up has a higher one. */
  readonly attempts: number;
}

/** Previews and applications of snippets: the newest one per virtual host. */
export class SnippetJobRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** In place of an earlier one. @throws AppError CONFLICT while one is being carried out, or is to be applied */
  async request(
    virtualHostId: string,
    kind: SnippetJob['kind'],
    force: boolean,
    { by, correlation_id }: Asker,
  ): Promise<SnippetJob> {
    const { rows } = await sql<SnippetJob>`
      INSERT INTO viw.snippet_jobs AS j (virtual_host_id, id, kind, force, asked_by_kind, asked_by_id,
        asked_by_name, correlation_id)
      VALUES (${virtualHostId}, ${uuidv7()}, ${kind}, ${force}, ${by.kind}, ${by.id}, ${by.name}, ${correlation_id ?? null})
      ON CONFLICT (virtual_host_id) DO UPDATE SET id = excluded.id, kind = excluded.kind, force = excluded.force,
        state = 'requested', requested_at = now(), started_at = NULL, finished_at = NULL, attempts = 0, result = NULL,
        asked_by_kind = excluded.asked_by_kind, asked_by_id = excluded.asked_by_id,
        asked_by_name = excluded.asked_by_name, correlation_id = excluded.correlation_id
      WHERE j.state = 'done' OR (j.state = 'requested' AND j.kind = 'preview')
      RETURNING ${columns}`.execute(this.deps.db);
    if (!rows[0]) throw new AppError('CONFLICT', 'The one that was asked for before is not finished yet');
    return rows[0];
  }

  async get(virtualHostId: string): Promise<SnippetJob | undefined> {
    if (!isUuid(virtualHostId)) return undefined;
    const { rows } = await sql<SnippetJob>`
      SELECT ${columns} FROM viw.snippet_jobs WHERE virtual_host_id = ${virtualHostId}`.execute(this.deps.db);
    return rows[0];
  }

  /** The one that has waited longest, for this worker alone. One that was taken too often is ended with an error. */
  async take(): Promise<TakenSnippetJob | undefined> {
    await sql`WITH ended AS (
      UPDATE viw.snippet_jobs SET state = 'done', finished_at = now(), result = ${JSON.stringify(unfinished)}::jsonb
        WHERE ${isAbandoned} AND attempts >= ${MAX_ATTEMPTS} RETURNING *)
      ${endLine}`.execute(this.deps.db);
    const { rows } = await sql<TakenSnippetJob>`
      UPDATE viw.snippet_jobs j SET state = 'running', started_at = now(), attempts = attempts + 1
      FROM (SELECT virtual_host_id FROM viw.snippet_jobs
        WHERE state = 'requested' OR (${isAbandoned} AND attempts < ${MAX_ATTEMPTS})
        ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS next
      WHERE j.virtual_host_id = next.virtual_host_id RETURNING j.id, j.virtual_host_id, j.kind, j.force, j.attempts`.execute(
      this.deps.db,
    );
    return rows[0];
  }

  /** Whether it is this worker's still: nobody has taken it up since, and nobody has asked for another one. */
  async isHeld({ id, attempts }: TakenSnippetJob): Promise<boolean> {
    const { rows } = await sql`SELECT FROM viw.snippet_jobs
      WHERE id = ${id} AND state = 'running' AND attempts = ${attempts}`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** Of a worker that stops: another one begins it anew, and the attempt does not count. */
  async release({ id, attempts }: TakenSnippetJob): Promise<void> {
    await sql`UPDATE viw.snippet_jobs SET state = 'requested', started_at = NULL, attempts = attempts - 1
      WHERE id = ${id} AND state = 'running' AND attempts = ${attempts}`.execute(this.deps.db);
  }

  /** False: another worker has taken it up or ended it, or it is gone; then nothing is kept. */
  async finish({ id, attempts }: TakenSnippetJob, result: SnippetResult): Promise<boolean> {
    const { numAffectedRows = 0n } = await sql`WITH ended AS (
      UPDATE viw.snippet_jobs SET result = ${JSON.stringify(result)}::jsonb, finished_at = now(), state = 'done'
        WHERE id = ${id} AND state = 'running' AND attempts = ${attempts} RETURNING *)
      ${endLine}`.execute(this.deps.db);
    return numAffectedRows > 0n;
  }
}
