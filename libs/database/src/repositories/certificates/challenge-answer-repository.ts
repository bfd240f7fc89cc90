import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface ChallengeAnswerOptions {
  readonly type: 'http-01' | 'tls-alpn-01';
}

/**
 * Longer than the CA may take to validate, so that a crash leaves nothing for long. A name of tls-alpn-01 is closed to
 * other orders for as long; its crashed order is taken up again before that.
 */
const KEPT_S = { 'http-01': 3_600, 'tls-alpn-01': 300 } as const;

/** Answers to validations under way, of one type of challenge, shared by all workers: one per question of the CA. */
export class ChallengeAnswerRepository {
  constructor(
    private readonly options: ChallengeAnswerOptions,
    private readonly deps: RepositoryDeps,
  ) {}

  /** False when another order's answer stands there. The same answer is taken over by the holder. */
  async put(key: string, keyAuthorization: string, holder: string): Promise<boolean> {
    const { type } = this.options;
    const { rows } = await sql`
      INSERT INTO viw.challenge_answers AS a (type, key, key_authorization, holder, expires_at)
      VALUES (${type}, ${key}, ${keyAuthorization}, ${holder}, now() + make_interval(secs => ${KEPT_S[type]}))
      ON CONFLICT (type, key) DO UPDATE SET key_authorization = excluded.key_authorization, holder = excluded.holder,
        expires_at = excluded.expires_at
        WHERE a.key_authorization = excluded.key_authorization OR a.expires_at <= now()
      RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  async find(key: string): Promise<string | undefined> {
    const { rows } = await sql<{ answer: string }>`
      SELECT key_authorization AS answer FROM viw.challenge_answers
      WHERE type = ${this.options.type} AND key = ${key} AND expires_at > now()`.execute(this.deps.db);
    return rows[0]?.answer;
  }

  /** This answer, unless somebody else has taken it over. Drops what is past its time, too. */
  async remove(key: string, keyAuthorization: string, holder: string): Promise<void> {
    await sql`DELETE FROM viw.challenge_answers
      WHERE (type = ${this.options.type} AND key = ${key} AND key_authorization = ${keyAuthorization}
        AND holder = ${holder}) OR expires_at <= now()`.execute(this.deps.db);
  }
}
