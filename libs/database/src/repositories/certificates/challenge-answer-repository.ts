import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface ChallengeAnswerOptions {
  readonly type: 'http-01' | 'tls-alpn-01';
}

/** Longer than the CA may take to validate, so that a crash leaves nothing for long. */
const KEPT_S = 3_600;

/** Answers to validations under way, of one type of challenge, shared by all workers. */
export class ChallengeAnswerRepository {
  constructor(
    private readonly options: ChallengeAnswerOptions,
    private readonly deps: RepositoryDeps,
  ) {}

  /** @param holder whoever presents it; the last one counts */
  async put(key: string, keyAuthorization: string, holder: string): Promise<void> {
    await sql`
      INSERT INTO viw.challenge_answers (type, key, key_authorization, holder, expires_at)
      VALUES (${this.options.type}, ${key}, ${keyAuthorization}, ${holder}, now() + make_interval(secs => ${KEPT_S}))
      ON CONFLICT (type, key) DO UPDATE SET key_authorization = excluded.key_authorization, holder = excluded.holder,
        expires_at = excluded.expires_at`.execute(this.deps.db);
  }

  async find(key: string): Promise<string | undefined> {
    const { rows } = await sql<{ answer: string }>`
      SELECT key_authorization AS answer FROM viw.challenge_answers
      WHERE type = ${this.options.type} AND key = ${key} AND expires_at > now()`.execute(this.deps.db);
    return rows[0]?.answer;
  }

  /** Unless somebody else has presented it since. Drops what is past its time, too. */
  async remove(key: string, holder: string): Promise<void> {
    await sql`DELETE FROM viw.challenge_answers
      WHERE (type = ${this.options.type} AND key = ${key} AND holder = ${holder}) OR expires_at <= now()`.execute(
      this.deps.db,
    );
  }
}
