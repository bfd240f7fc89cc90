import type { AcmeAccountFailure, KeyType } from '@viw/contracts';
import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import { auditLine, workerItself } from '../audit/work-audit';
import type { RepositoryDeps } from '../repository';

/** An account of the API with what its work needs. */
export interface IssuerAccount {
  id: string;
  issuer: string;
  label: string | null;
  directory_url: string;
  directory_ca: string | null;
  contact: string[];
  key_type: KeyType;
  /** Null until a cert-worker has made it. */
  key_sealed: SealedEnvelope | null;
  account_url: string | null;
  eab_kid: string | null;
  eab_key_sealed: SealedEnvelope | null;
  preferred_chain: string | null;
  profile: string | null;
  revision: number;
}

export interface AccountWork extends IssuerAccount {
  wanted: 'register' | 'deactivate';
  /** 1 for the first. */
  attempts: number;
}

const columns = sql.raw(
  'id, issuer, label, directory_url, directory_ca, contact, key_type, key_sealed, account_url, eab_kid, eab_key_sealed, preferred_chain, profile, revision',
);

/** What cert-workers do for accounts that the API has made. All times by the database's clock. */
export class AccountWorkRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** The account that has waited longest, for this worker alone for so long; after that anybody's. */
  async take(seconds: number): Promise<AccountWork | undefined> {
    const { rows } = await sql<AccountWork>`
      UPDATE viw.acme_accounts SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => ${seconds})
      WHERE id = (SELECT id FROM viw.acme_accounts WHERE origin = 'api' AND wanted IS NOT NULL AND next_attempt_at <= now()
        ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING ${columns}, wanted, attempts`.execute(this.deps.db);
    return rows[0];
  }

  /** In service under this name. */
  async byIssuer(issuer: string): Promise<IssuerAccount | undefined> {
    const { rows } = await sql<IssuerAccount>`
      SELECT ${columns} FROM viw.acme_accounts WHERE origin = 'api' AND issuer = ${issuer}
        AND deactivated_at IS NULL`.execute(this.deps.db);
    return rows[0];
  }

  /** Whatever has or had an account there. */
  async issuersAt(directoryUrl: string): Promise<string[]> {
    const { rows } = await sql<{ issuer: string }>`
      SELECT DISTINCT issuer FROM viw.acme_accounts WHERE directory_url = ${directoryUrl}`.execute(
      this.deps.db,
    );
    return rows.map(({ issuer }) => issuer);
  }

  /** The first key to come counts, and is returned. */
  async keepKey(id: string, sealed: SealedEnvelope): Promise<SealedEnvelope> {
    const { rows } = await sql<{ key_sealed: SealedEnvelope }>`
      UPDATE viw.acme_accounts SET key_sealed = coalesce(key_sealed, ${JSON.stringify(sealed)}::jsonb)
      WHERE id = ${id} RETURNING key_sealed`.execute(this.deps.db);
    return rows[0]!.key_sealed;
  }

  async setAccountUrl(id: string, url: string): Promise<void> {
    await sql`UPDATE viw.acme_accounts SET account_url = ${url} WHERE id = ${id}`.execute(this.deps.db);
  }

  /**
   * The CA has done it, which is a line of the audit log in any case. Unless the account has been changed since: then the newer work is
   * still to be done.
   */
  async done({ id, revision, wanted, issuer, directory_url }: AccountWork): Promise<void> {
    const action = wanted === 'register' ? 'acme_account.registered' : 'acme_account.deactivated';
    await sql`WITH line AS (INSERT INTO ${auditLine}
        VALUES (${workerItself}, ${action}, 'acme_account', ${id}, 'success',
          jsonb_build_object('issuer', ${issuer}::text, 'directory_url', ${directory_url}::text)))
      UPDATE viw.acme_accounts SET wanted = NULL, failure = NULL, attempts = 0, next_attempt_at = NULL,
        deactivated_at = CASE WHEN ${wanted === 'deactivate'} THEN now() END
      WHERE id = ${id} AND revision = ${revision}`.execute(this.deps.db);
  }

  /** @param nextAttemptAt null: not before somebody asks for it. Nothing when it has been changed since. */
  async failed(
    { id, revision }: AccountWork,
    failure: AcmeAccountFailure,
    nextAttemptAt: string | null,
  ): Promise<void> {
    await sql`UPDATE viw.acme_accounts SET failure = ${JSON.stringify(failure)}::jsonb,
        next_attempt_at = ${nextAttemptAt}::timestamptz
      WHERE id = ${id} AND revision = ${revision}`.execute(this.deps.db);
  }
}
