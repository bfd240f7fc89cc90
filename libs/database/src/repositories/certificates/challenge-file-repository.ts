import { sql } from 'kysely';
import { auditLine, operationAsker, workerItself } from '../audit/work-audit';
import type { RepositoryDeps } from '../repository';

export interface ChallengeFile {
  readonly server_id: string;
  readonly web_root: string;
  readonly token: string;
}

/** Longer than a validation takes. */
const KEPT_S = 600;
/** A server that cannot be reached for so many looks keeps its file: it says nothing that is secret. */
const MAX_ATTEMPTS = 50;

/** Files of validations on managed servers, from before they are placed until they have been removed. */
export class ChallengeFileRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Before it is placed; in the audit log from then on, for whoever has asked for the operation. */
  async remember({ server_id, web_root, token }: ChallengeFile, operationId: string): Promise<void> {
    await sql`WITH line AS (INSERT INTO ${auditLine}
        SELECT ${operationAsker}, 'challenge_file.place', 'server', ${server_id}::text, 'success',
          jsonb_build_object('operation_id', o.id, 'certificate_id', o.certificate_id, 'web_root', ${web_root}::text)
        FROM viw.certificate_operations o WHERE o.id = ${operationId})
      INSERT INTO viw.challenge_files (server_id, web_root, token, expires_at)
      VALUES (${server_id}, ${web_root}, ${token}, now() + make_interval(secs => ${KEPT_S}))
      ON CONFLICT (server_id, web_root, token) DO UPDATE SET expires_at = excluded.expires_at`.execute(
      this.deps.db,
    );
  }

  async forget({ server_id, web_root, token }: ChallengeFile): Promise<void> {
    await sql`WITH gone AS (DELETE FROM viw.challenge_files
        WHERE server_id = ${server_id} AND web_root = ${web_root} AND token = ${token} RETURNING server_id, web_root)
      INSERT INTO ${auditLine} SELECT ${workerItself}, 'challenge_file.remove', 'server', server_id::text, 'success',
        jsonb_build_object('web_root', web_root) FROM gone`.execute(this.deps.db);
  }

  /** What a worker that died has left, for this worker alone for as long as a removal may take. */
  async takeLeftOvers(limit: number): Promise<ChallengeFile[]> {
    await sql`DELETE FROM viw.challenge_files WHERE attempts >= ${MAX_ATTEMPTS} AND expires_at <= now()`.execute(
      this.deps.db,
    );
    const { rows } = await sql<ChallengeFile>`
      UPDATE viw.challenge_files f SET expires_at = now() + make_interval(secs => ${KEPT_S}), attempts = f.attempts + 1
      FROM (SELECT server_id, web_root, token FROM viw.challenge_files WHERE expires_at <= now()
        ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED) AS old
      WHERE (f.server_id, f.web_root, f.token) = (old.server_id, old.web_root, old.token)
      RETURNING f.server_id, f.web_root, f.token`.execute(this.deps.db);
    return rows;
  }
}
