import type { ExternalIdentity, Role, Scope } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import { isCheckViolation, isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

export interface Administrator {
  id: string;
  email: string;
  role: Role;
  scope: Scope | null;
  created_at: string;
  last_sign_in_at: string | null;
  disabled_at: string | null;
  second_factor: boolean;
  identity: ExternalIdentity | null;
  identity_only: boolean;
}

export interface NewAdministrator {
  readonly email: string;
  /** argon2id, encoded form. Undefined: signs in by the identity only. */
  readonly password_hash?: string | undefined;
  readonly identity?: ExternalIdentity | undefined;
  readonly role: Role;
  readonly scope?: Scope | undefined;
}

export interface AdministratorPatch {
  readonly role?: Role | undefined;
  /** Null: not narrowed. */
  readonly scope?: Scope | null | undefined;
  readonly disabled?: boolean | undefined;
  /** Null: by the identity only. */
  readonly password_hash?: string | null | undefined;
  readonly identity?: ExternalIdentity | null | undefined;
}

/** For sign-in; nobody else sees it. */
export interface SignInAccount extends Administrator {
  password_hash: string | null;
  totp_sealed: SealedEnvelope | null;
}

const shown = ['id', 'email', 'role', 'scope', 'created_at', 'last_sign_in_at', 'disabled_at'] as const;
const columns = [
  ...shown,
  sql<boolean>`totp_confirmed_at IS NOT NULL`.as('second_factor'),
  sql<ExternalIdentity | null>`CASE WHEN oidc_subject IS NOT NULL
    THEN jsonb_build_object('issuer', oidc_issuer, 'subject', oidc_subject) END`.as('identity'),
  sql<boolean>`password_hash IS NULL`.as('identity_only'),
] as const;

/** As columns; nothing when it is not to change. */
const identityColumns = (identity: ExternalIdentity | null | undefined) =>
  identity === undefined
    ? {}
    : { oidc_issuer: identity?.issuer ?? null, oidc_subject: identity?.subject ?? null };

const isIdentityInUse = (error: unknown): boolean => isUniqueViolation(error, 'administrators_oidc');
const identityInUse = (): AppError =>
  new AppError('ALREADY_EXISTS', 'The identity is that of another administrator');

export class AdministratorRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async count(): Promise<number> {
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM viw.administrators`.execute(
      this.deps.db,
    );
    return rows[0]?.n ?? 0;
  }

  /** Works once, while there is none. @throws AppError CONFLICT when there is one */
  async createFirst(input: NewAdministrator): Promise<Administrator> {
    return inTransaction(this.deps.db, async (trx) => {
      await sql`SELECT pg_advisory_xact_lock(7306, 0)`.execute(trx);
      const repository = new AdministratorRepository({ db: trx });
      if ((await repository.count()) > 0) throw new AppError('CONFLICT', 'There is an administrator already');
      return repository.create(input);
    });
  }

  /** @throws AppError ALREADY_EXISTS when the address or the identity is in use */
  async create({ scope, identity, ...input }: NewAdministrator): Promise<Administrator> {
    try {
      return await this.deps.db
        .insertInto('administrators')
        .values({
          id: uuidv7(),
          ...input,
          ...identityColumns(identity),
          email: input.email.toLowerCase(),
          scope: scope === undefined ? null : JSON.stringify(scope),
        })
        .returning(columns)
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isIdentityInUse(error)) throw identityInUse();
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The e-mail address is in use');
      throw error;
    }
  }

  async get(id: string): Promise<Administrator | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('administrators').select(columns).where('id', '=', id).executeTakeFirst();
  }

  /** For sign-in; undefined also when the account is disabled. */
  async findForSignIn(email: string): Promise<SignInAccount | undefined> {
    return this.deps.db
      .selectFrom('administrators')
      .select([...columns, 'password_hash', 'totp_sealed'])
      .where('email', '=', email.toLowerCase())
      .where('disabled_at', 'is', null)
      .executeTakeFirst();
  }

  /** Whether it may sign in by this password still; nobody changes that before the transaction ends. */
  async holdForSignIn({ id, password_hash }: Pick<SignInAccount, 'id' | 'password_hash'>): Promise<boolean> {
    const row = await this.deps.db
      .selectFrom('administrators')
      .select('id')
      .where('id', '=', id)
      .where('password_hash', '=', password_hash)
      .where('disabled_at', 'is', null)
      .forNoKeyUpdate()
      .executeTakeFirst();
    return row !== undefined;
  }

  /**
   * Whom an identity means, a disabled account too. Until the transaction ends nobody changes the account: what ends its
   * sessions sees the one that this sign-in makes.
   */
  async findByIdentity({ issuer, subject }: ExternalIdentity): Promise<Administrator | undefined> {
    return this.deps.db
      .selectFrom('administrators')
      .select(columns)
      .where('oidc_issuer', '=', issuer)
      .where('oidc_subject', '=', subject)
      .forNoKeyUpdate()
      .executeTakeFirst();
  }

  async recordSignIn(id: string): Promise<void> {
    await sql`UPDATE viw.administrators SET last_sign_in_at = now() WHERE id = ${id}`.execute(this.deps.db);
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    await this.deps.db
      .updateTable('administrators')
      .set({ password_hash: passwordHash })
      .where('id', '=', id)
      .execute();
  }

  /** Newest first. */
  list(options: ListOptions = {}): Promise<Page<Administrator>> {
    return newestFirst(this.deps.db.selectFrom('administrators').select(columns), options);
  }

  /**
   * What is not given stays. Sessions end with the account; a role or scope counts from the next request on.
   * @throws AppError NOT_FOUND; ALREADY_EXISTS when the identity is somebody else's; CONFLICT when the account would have
   *   neither password nor identity, or nobody would be left who may do everything and needs no identity provider for it
   */
  async patch(
    id: string,
    { scope, disabled, identity, ...plain }: AdministratorPatch,
  ): Promise<Administrator> {
    if (!isUuid(id)) throw new AppError('NOT_FOUND', 'No such administrator');
    return this.#keepingOne(async (trx) => {
      const row = await trx
        .updateTable('administrators')
        .set({
          id,
          ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
          ...identityColumns(identity),
          ...(scope === undefined ? {} : { scope: scope === null ? null : JSON.stringify(scope) }),
          ...(disabled === undefined ? {} : { disabled_at: disabled ? new Date() : null }),
        })
        .where('id', '=', id)
        .returning(columns)
        .executeTakeFirst()
        .catch((error: unknown) => {
          if (isIdentityInUse(error)) throw identityInUse();
          if (isCheckViolation(error, 'administrators_way_in'))
            throw new AppError('CONFLICT', 'The account would have neither a password nor an identity');
          throw error;
        });
      if (!row) throw new AppError('NOT_FOUND', 'No such administrator');
      return row;
    });
  }

  /** With the sessions. False when there was none. @throws AppError CONFLICT as `patch` */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    return this.#keepingOne(async (trx) => {
      const result = await trx.deleteFrom('administrators').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    });
  }

  /** One change at a time, so that two of them cannot take each other's way back. */
  async #keepingOne<T>(change: (trx: Db) => Promise<T>): Promise<T> {
    return inTransaction(this.deps.db, async (trx) => {
      await sql`SELECT pg_advisory_xact_lock(7306, 0)`.execute(trx);
      const changed = await change(trx);
      const { rows } = await sql`SELECT 1 FROM viw.administrators
        WHERE role = 'admin' AND scope IS NULL AND disabled_at IS NULL AND password_hash IS NOT NULL LIMIT 1`.execute(
        trx,
      );
      if (rows.length === 0)
        throw new AppError(
          'CONFLICT',
          'Nobody would be left who may do everything, and by password: make somebody else first',
        );
      return changed;
    });
  }
}
