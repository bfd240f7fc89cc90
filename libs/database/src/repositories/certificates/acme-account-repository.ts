import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface AcmeAccount {
  id: string;
  directory_url: string;
  key_sealed: SealedEnvelope;
  /** Null until the authority has registered the key. */
  account_url: string | null;
  contact: string[];
}

const shown = ['id', 'directory_url', 'key_sealed', 'account_url', 'contact'] as const;

/** One account per directory. */
export class AcmeAccountRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async find(directoryUrl: string): Promise<AcmeAccount | undefined> {
    return this.deps.db
      .selectFrom('acme_accounts')
      .select(shown)
      .where('directory_url', '=', directoryUrl)
      .executeTakeFirst();
  }

  /** The first to come decides: the account that counts is returned. `id` is the caller's, the envelope is bound to it. */
  async createOnce(account: Omit<AcmeAccount, 'account_url'>): Promise<AcmeAccount> {
    await this.deps.db
      .insertInto('acme_accounts')
      .values({ ...account, key_sealed: JSON.stringify(account.key_sealed), account_url: null })
      .onConflict((conflict) => conflict.column('directory_url').doNothing())
      .execute();
    return this.deps.db
      .selectFrom('acme_accounts')
      .select(shown)
      .where('directory_url', '=', account.directory_url)
      .executeTakeFirstOrThrow();
  }

  async setAccountUrl(id: string, accountUrl: string | null): Promise<void> {
    await this.deps.db
      .updateTable('acme_accounts')
      .set({ account_url: accountUrl })
      .where('id', '=', id)
      .execute();
  }
}
