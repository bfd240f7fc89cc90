import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface StoredTokenKey {
  readonly kid: string;
  readonly sealed: SealedEnvelope;
  /** `announced`: published, does not sign yet. `active`: signs. `retiring`: what it has signed may still be in its time. */
  readonly state: 'announced' | 'active' | 'retiring';
  readonly created_at: string;
  readonly signs_from: string;
  /** When the key that follows it began to sign. */
  readonly replaced_at: string | null;
}

/** Private keys of API tokens, sealed. Which one signs follows from the time alone, by the clock of Postgres. */
export class TokenKeyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** The active one first, then its predecessors, the newest first, then the one that is announced. */
  async list(): Promise<StoredTokenKey[]> {
    const { rows } = await sql<StoredTokenKey>`
      SELECT kid, sealed, created_at, signs_from,
        CASE WHEN signs_from > now() THEN 'announced' WHEN replaced_at IS NULL THEN 'active' ELSE 'retiring' END AS state,
        replaced_at
      FROM (SELECT kid, sealed, created_at, signs_from,
          lag(signs_from) OVER (PARTITION BY signs_from <= now() ORDER BY signs_from DESC, kid) AS replaced_at
        FROM viw.token_keys) AS keys
      ORDER BY signs_from > now(), signs_from DESC, kid`.execute(this.deps.db);
    return rows;
  }

  /** @param announcedForS until it signs, seconds */
  async add({ kid, sealed }: Pick<StoredTokenKey, 'kid' | 'sealed'>, announcedForS: number): Promise<void> {
    await sql`INSERT INTO viw.token_keys (kid, sealed, signs_from)
      VALUES (${kid}, ${JSON.stringify(sealed)}::jsonb, 
        date_trunc('milliseconds', now()) + make_interval(secs => ${announcedForS}))`.execute(this.deps.db);
  }

  /** The same key under another key-encryption key; nothing when somebody else has changed it meanwhile. */
  async reseal(kid: string, former: SealedEnvelope, sealed: SealedEnvelope): Promise<void> {
    await sql`UPDATE viw.token_keys SET sealed = ${JSON.stringify(sealed)}::jsonb
      WHERE kid = ${kid} AND sealed = ${JSON.stringify(former)}::jsonb`.execute(this.deps.db);
  }

  /** Destroys every key but this one: whatever they have signed is void. */
  async deleteAllBut(kid: string): Promise<void> {
    await sql`DELETE FROM viw.token_keys WHERE kid <> ${kid}`.execute(this.deps.db);
  }

  /** Destroys keys that were replaced at least so long ago. */
  async deleteReplaced(agoS: number): Promise<void> {
    await sql`DELETE FROM viw.token_keys AS former WHERE EXISTS (SELECT FROM viw.token_keys AS next
      WHERE next.signs_from > former.signs_from
        AND next.signs_from <= now() - make_interval(secs => ${agoS}))`.execute(this.deps.db);
  }
}
