import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface NewOidcSignIn {
  /** Hash of the browser's token: the token itself is nowhere stored. */
  readonly tokenHash: string;
  readonly returnTo: string;
  readonly expiresInS: number;
}

/** Sign-ins that have gone to the identity provider and are to come back. */
export class OidcSignInRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Forgets those that nobody came back from in time. */
  async begin({ tokenHash, returnTo, expiresInS }: NewOidcSignIn): Promise<void> {
    await sql`DELETE FROM viw.oidc_sign_ins WHERE expires_at < now()`.execute(this.deps.db);
    await sql`INSERT INTO viw.oidc_sign_ins (token_hash, return_to, expires_at)
      VALUES (${tokenHash}, ${returnTo}, now() + make_interval(secs => ${expiresInS}))`.execute(this.deps.db);
  }

  /** Once, by whichever backend. Undefined: never begun, taken before, or too late. */
  async take(tokenHash: string): Promise<{ return_to: string } | undefined> {
    const { rows } = await sql<{ return_to: string }>`DELETE FROM viw.oidc_sign_ins
      WHERE token_hash = ${tokenHash} AND expires_at > now() RETURNING return_to`.execute(this.deps.db);
    return rows[0];
  }
}
