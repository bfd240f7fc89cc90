import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface ListenerAccount {
  readonly sealed: SealedEnvelope;
  /** Null until the CA has registered the key. */
  readonly account_url: string | null;
}

/** The backends' own ACME account, one per directory. */
export class ListenerAccountRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async find(directoryUrl: string): Promise<ListenerAccount | undefined> {
    const { rows } = await sql<ListenerAccount>`
      SELECT sealed, account_url FROM viw.listener_acme_accounts WHERE directory_url = ${directoryUrl}`.execute(
      this.deps.db,
    );
    return rows[0];
  }

  /** The first to come decides: the one that counts is to be read again. */
  async addOnce(directoryUrl: string, sealed: SealedEnvelope): Promise<void> {
    await sql`INSERT INTO viw.listener_acme_accounts (directory_url, sealed)
      VALUES (${directoryUrl}, ${JSON.stringify(sealed)}::jsonb) ON CONFLICT DO NOTHING`.execute(
      this.deps.db,
    );
  }

  async setAccountUrl(directoryUrl: string, accountUrl: string): Promise<void> {
    await sql`UPDATE viw.listener_acme_accounts SET account_url = ${accountUrl}
      WHERE directory_url = ${directoryUrl}`.execute(this.deps.db);
  }

  /** The same key under another key-encryption key. */
  async reseal(directoryUrl: string, sealed: SealedEnvelope): Promise<void> {
    await sql`UPDATE viw.listener_acme_accounts SET sealed = ${JSON.stringify(sealed)}::jsonb
      WHERE directory_url = ${directoryUrl}`.execute(this.deps.db);
  }
}
