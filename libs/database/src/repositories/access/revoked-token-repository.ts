import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** JWTs that are refused although they have not expired. */
export class RevokedTokenRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async revoke(jti: string, expiresAt: string): Promise<void> {
    await this.deps.db
      .insertInto('revoked_tokens')
      .values({ jti, expires_at: expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async isRevoked(jti: string): Promise<boolean> {
    const row = await this.deps.db
      .selectFrom('revoked_tokens')
      .select('jti')
      .where('jti', '=', jti)
      .executeTakeFirst();
    return row !== undefined;
  }

  async deleteExpired(): Promise<number> {
    const { numAffectedRows } = await sql`DELETE FROM viw.revoked_tokens WHERE expires_at < now()`.execute(
      this.deps.db,
    );
    return Number(numAffectedRows ?? 0);
  }
}
