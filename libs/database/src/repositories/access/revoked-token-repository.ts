import type { Role, Scope } from '@viw/contracts';
import { isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** Whose token it is, as of now: role and scope do not stand in it. */
export interface TokenClient {
  client_id: string;
  client_name: string;
  role: Role;
  scope: Scope | null;
}

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

  /** Undefined when the client is gone or disabled, or the token revoked. */
  async findClient(clientId: string, jti: string): Promise<TokenClient | undefined> {
    if (!isUuid(clientId)) return undefined;
    const { rows } = await sql<TokenClient>`
      SELECT c.id AS client_id, c.name AS client_name, c.role, c.scope FROM viw.api_clients c
      WHERE c.id = ${clientId} AND c.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM viw.revoked_tokens t WHERE t.jti = ${jti})`.execute(this.deps.db);
    return rows[0];
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
