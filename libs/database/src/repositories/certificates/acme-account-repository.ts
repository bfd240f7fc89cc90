import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
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

export interface EnvironmentAccountFacts {
  issuer: string;
  directory_ca: string | null;
  preferred_chain: string | null;
  profile: string | null;
}

const shown = ['id', 'directory_url', 'key_sealed', 'account_url', 'contact'] as const;

/** Accounts that cert-workers make by their configuration: one per directory. */
export class AcmeAccountRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async find(directoryUrl: string): Promise<AcmeAccount | undefined> {
    return this.deps.db
      .selectFrom('acme_accounts')
      .select(shown)
      .where('directory_url', '=', directoryUrl)
      .where('origin', '=', 'environment')
      .$narrowType<{ key_sealed: SealedEnvelope }>()
      .executeTakeFirst();
  }

  /** The first to come decides: the account that counts is returned. `id` is the caller's, the envelope is bound to it. */
  async createOnce(account: Omit<AcmeAccount, 'account_url'> & { issuer?: string }): Promise<AcmeAccount> {
    await this.deps.db
      .insertInto('acme_accounts')
      .values({ ...account, key_sealed: JSON.stringify(account.key_sealed), account_url: null })
      .onConflict((conflict) =>
        conflict.column('directory_url').where('origin', '=', 'environment').doNothing(),
      )
      .execute();
    const stored = await this.find(account.directory_url);
    if (!stored) throw new AppError('INTERNAL_ERROR', 'the account cannot be stored');
    return stored;
  }

  /** What people see of it; the last worker to come decides. */
  async describe(id: string, about: EnvironmentAccountFacts): Promise<void> {
    await sql`UPDATE viw.acme_accounts SET issuer = ${about.issuer}, directory_ca = ${about.directory_ca},
        preferred_chain = ${about.preferred_chain}, profile = ${about.profile}
      WHERE id = ${id} AND (issuer, directory_ca, preferred_chain, profile) IS DISTINCT FROM
        (${about.issuer}, ${about.directory_ca}, ${about.preferred_chain}, ${about.profile})`.execute(
      this.deps.db,
    );
  }

  async setAccountUrl(id: string, accountUrl: string | null): Promise<void> {
    await this.deps.db
      .updateTable('acme_accounts')
      .set({ account_url: accountUrl })
      .where('id', '=', id)
      .execute();
  }
}
