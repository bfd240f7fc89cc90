import type { Role, Scope } from '@viw/contracts';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface NewSession {
  /** Hash of the cookie's token: the token itself is nowhere stored. */
  readonly token_hash: string;
  readonly csrf_hash: string;
  readonly administrator_id: string;
  readonly expires_at: string;
  readonly address?: string | undefined;
  readonly user_agent?: string | undefined;
}

export interface Session {
  token_hash: string;
  csrf_hash: string;
  administrator_id: string;
  email: string;
  role: Role;
  scope: Scope | null;
  created_at: string;
  last_used_at: string;
  expires_at: string;
}

/** Sign-ins of people. */
export class SignInSessionRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async create(input: NewSession): Promise<void> {
    await this.deps.db
      .insertInto('sessions')
      .values({ ...input, address: input.address ?? null, user_agent: input.user_agent ?? null })
      .execute();
  }

  /** Undefined when unknown, expired by the database's clock, or its administrator is disabled. */
  async find(tokenHash: string): Promise<Session | undefined> {
    const { rows } = await sql<Session>`
      SELECT s.token_hash, s.csrf_hash, s.administrator_id, a.email, a.role, a.scope, s.created_at, s.last_used_at, s.expires_at
      FROM viw.sessions s JOIN viw.administrators a ON a.id = s.administrator_id
      WHERE s.token_hash = ${tokenHash} AND s.expires_at > now() AND a.disabled_at IS NULL`.execute(
      this.deps.db,
    );
    return rows[0];
  }

  /** Notes the use (once a minute is exact enough) and, when given, moves the expiry on. */
  async touch(tokenHash: string, expiresAt?: string): Promise<void> {
    await sql`UPDATE viw.sessions SET last_used_at = now(),
        expires_at = coalesce(${expiresAt ?? null}::timestamptz, expires_at)
      WHERE token_hash = ${tokenHash} AND last_used_at < now() - interval '1 minute'`.execute(this.deps.db);
  }

  async delete(tokenHash: string): Promise<void> {
    await this.deps.db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
  }

  /** Signs an administrator out everywhere. */
  async deleteAllOf(administratorId: string): Promise<void> {
    await this.deps.db.deleteFrom('sessions').where('administrator_id', '=', administratorId).execute();
  }

  async deleteExpired(): Promise<number> {
    const { numAffectedRows } = await sql`DELETE FROM viw.sessions WHERE expires_at < now()`.execute(
      this.deps.db,
    );
    return Number(numAffectedRows ?? 0);
  }
}
