import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface SealedTokenKey {
  readonly kid: string;
  readonly sealed: SealedEnvelope;
}

/** Private keys of API tokens, sealed. */
export class TokenKeyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** The newest first: it signs. */
  list(): Promise<SealedTokenKey[]> {
    return this.deps.db
      .selectFrom('token_keys')
      .select(['kid', 'sealed'])
      .orderBy('created_at', 'desc')
      .orderBy('kid')
      .execute();
  }

  async add({ kid, sealed }: SealedTokenKey): Promise<void> {
    await sql`INSERT INTO viw.token_keys (kid, sealed) VALUES (${kid}, ${JSON.stringify(sealed)}::jsonb)`.execute(
      this.deps.db,
    );
  }

  /** The same key under another key-encryption key. */
  async reseal({ kid, sealed }: SealedTokenKey): Promise<void> {
    await sql`UPDATE viw.token_keys SET sealed = ${JSON.stringify(sealed)}::jsonb WHERE kid = ${kid}`.execute(
      this.deps.db,
    );
  }
}
