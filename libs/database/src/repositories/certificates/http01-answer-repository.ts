import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** Longer than the CA may take to validate, so that a crash leaves nothing for long. */
const KEPT_S = 3_600;

/** Answers to HTTP-01 validations under way, shared by all workers. */
export class Http01AnswerRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @param holder whoever presents it; the last one counts */
  async put(token: string, keyAuthorization: string, holder: string): Promise<void> {
    await sql`
      INSERT INTO viw.http01_answers (token, key_authorization, holder, expires_at)
      VALUES (${token}, ${keyAuthorization}, ${holder}, now() + make_interval(secs => ${KEPT_S}))
      ON CONFLICT (token) DO UPDATE SET key_authorization = excluded.key_authorization, holder = excluded.holder,
        expires_at = excluded.expires_at`.execute(this.deps.db);
  }

  async find(token: string): Promise<string | undefined> {
    const { rows } = await sql<{ answer: string }>`
      SELECT key_authorization AS answer FROM viw.http01_answers WHERE token = ${token} AND expires_at > now()`.execute(
      this.deps.db,
    );
    return rows[0]?.answer;
  }

  /** Unless somebody else has presented it since. Drops what is past its time, too. */
  async remove(token: string, holder: string): Promise<void> {
    await sql`DELETE FROM viw.http01_answers
      WHERE (token = ${token} AND holder = ${holder}) OR expires_at <= now()`.execute(this.deps.db);
  }
}
