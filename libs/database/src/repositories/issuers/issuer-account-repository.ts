import type { AcmeAccountFailure, AcmeAccountView, KeyType } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import { isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

export interface NewIssuerAccount {
  /** Made by the caller (UUIDv7): the envelope is bound to it. */
  readonly id: string;
  readonly issuer: string;
  readonly label: string | null;
  readonly directory_url: string;
  readonly directory_ca: string | null;
  readonly contact: readonly string[];
  readonly eab: { readonly kid: string; readonly key_sealed: SealedEnvelope } | undefined;
  readonly key_type: KeyType;
  readonly preferred_chain: string | null;
  readonly profile: string | null;
}

/** What is not named stays. */
export interface IssuerAccountChange {
  readonly label?: string | null | undefined;
  readonly contact?: readonly string[] | undefined;
  readonly eab?: NewIssuerAccount['eab'];
  readonly preferred_chain?: string | null | undefined;
  readonly profile?: string | null | undefined;
}

const columns = [
  ...(['id', 'issuer', 'label', 'directory_url', 'directory_ca', 'origin', 'contact', 'eab_kid'] as const),
  ...(['key_type', 'terms_agreed', 'preferred_chain', 'profile', 'account_url', 'wanted'] as const),
  ...(['next_attempt_at', 'failure', 'deactivated_at', 'created_at'] as const),
];

interface Row {
  origin: 'environment' | 'api';
  label: string | null;
  directory_url: string;
  account_url: string | null;
  wanted: 'register' | 'deactivate' | null;
  deactivated_at: string | null;
  failure: AcmeAccountFailure | null;
}

const stateOf = ({ origin, account_url, wanted, deactivated_at, failure }: Row): AcmeAccountView['state'] => {
  if (deactivated_at !== null) return 'deactivated';
  if (wanted === 'deactivate') return 'deactivating';
  if (failure !== null) return 'failed';
  if (wanted === 'register') return 'registering';
  return account_url === null && origin === 'environment' ? 'unused' : 'registered';
};

function viewOf<R extends Row>(row: R) {
  const { origin, wanted: _wanted, deactivated_at: _deactivated, label, ...shown } = row;
  return {
    ...shown,
    label: label ?? new URL(row.directory_url).hostname,
    read_only: origin === 'environment',
    state: stateOf(row),
  };
}

/** Accounts at ACME directories as people see and change them. Neither of their keys can be read here. */
export class IssuerAccountRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Newest first; deactivated ones are a record, and not among them. */
  async list(options: ListOptions = {}): Promise<Page<AcmeAccountView>> {
    const query = this.deps.db
      .selectFrom('acme_accounts')
      .select(columns)
      .where('deactivated_at', 'is', null);
    const { items, ...rest } = await newestFirst(query, options);
    return { ...rest, items: items.map(viewOf) };
  }

  async get(id: string): Promise<AcmeAccountView | undefined> {
    if (!isUuid(id)) return undefined;
    const query = this.deps.db.selectFrom('acme_accounts').select(columns).where('id', '=', id);
    const row = await query.executeTakeFirst();
    return row && viewOf(row);
  }

  /** Names that certificates may be ordered by, and those of accounts that are about to go. Held until the transaction's end. */
  async holdIssuer(issuer: string): Promise<boolean> {
    const { rows } = await sql`SELECT id FROM viw.acme_accounts WHERE origin = 'api' AND issuer = ${issuer}
      AND deactivated_at IS NULL AND wanted IS DISTINCT FROM 'deactivate' FOR SHARE`.execute(this.deps.db);
    return rows.length > 0;
  }

  async issuerNames(): Promise<string[]> {
    const { rows } = await sql<{ issuer: string }>`SELECT issuer FROM viw.acme_accounts WHERE origin = 'api'
      AND deactivated_at IS NULL AND wanted IS DISTINCT FROM 'deactivate' ORDER BY issuer`.execute(
      this.deps.db,
    );
    return rows.map(({ issuer }) => issuer);
  }

  /** To be registered by a cert-worker. @throws AppError ALREADY_EXISTS */
  async create({ eab, contact, ...account }: NewIssuerAccount): Promise<void> {
    try {
      await this.deps.db
        .insertInto('acme_accounts')
        .values({
          ...account,
          contact: [...contact],
          origin: 'api',
          eab_kid: eab?.kid ?? null,
          eab_key_sealed: eab ? JSON.stringify(eab.key_sealed) : null,
          wanted: 'register',
          next_attempt_at: sql<string>`now()`,
        })
        .execute();
    } catch (error) {
      if (isUniqueViolation(error))
        throw new AppError('ALREADY_EXISTS', `There is an account of the issuer ${account.issuer} already`);
      throw error;
    }
  }

  /** It is registered once more, which tells the CA the contact. False: there is none that could be changed. */
  async change(id: string, { eab, ...change }: IssuerAccountChange): Promise<boolean> {
    const { label, contact, preferred_chain, profile } = change;
    const { rows } =
      await sql`UPDATE viw.acme_accounts SET revision = revision + 1, wanted = 'register', attempts = 0,
        next_attempt_at = now(), failure = NULL,
        label = CASE WHEN ${label !== undefined} THEN ${label ?? null} ELSE label END,
        contact = CASE WHEN ${contact !== undefined} THEN ${[...(contact ?? [])]}::text[] ELSE contact END,
        ${eab ? sql`eab_kid = ${eab.kid}, eab_key_sealed = ${JSON.stringify(eab.key_sealed)}::jsonb,` : sql``}
        preferred_chain = CASE WHEN ${preferred_chain !== undefined} THEN ${preferred_chain ?? null} ELSE preferred_chain END,
        profile = CASE WHEN ${profile !== undefined} THEN ${profile ?? null} ELSE profile END
      WHERE id = ${id} AND origin = 'api' AND deactivated_at IS NULL AND wanted IS DISTINCT FROM 'deactivate'
      RETURNING id`.execute(this.deps.db);
    return rows.length > 0;
  }

  /**
   * To be deactivated by a cert-worker.
   * @returns how many certificates in service are issued by it; nothing is changed unless that is 0
   */
  async retire(id: string): Promise<number> {
    const { rows } = await sql<{ issuer: string }>`SELECT issuer FROM viw.acme_accounts
      WHERE id = ${id} AND origin = 'api' FOR UPDATE`.execute(this.deps.db);
    const { rows: used } = await sql<{ n: number }>`SELECT count(*) AS n FROM viw.certificates
      WHERE issuer = ${rows[0]?.issuer ?? ''} AND in_service`.execute(this.deps.db);
    const n = used[0]?.n ?? 0;
    if (n === 0)
      await sql`UPDATE viw.acme_accounts SET revision = revision + 1, wanted = 'deactivate', attempts = 0,
        -- Not before a worker that registers it now has had its time: there would be an account that nobody knows.
        next_attempt_at = CASE WHEN wanted = 'register' AND failure IS NULL
          THEN greatest(coalesce(next_attempt_at, now()), now()) ELSE now() END, failure = NULL
        WHERE id = ${id} AND origin = 'api' AND deactivated_at IS NULL`.execute(this.deps.db);
    return n;
  }
}
