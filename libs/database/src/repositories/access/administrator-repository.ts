import type { Role, Scope } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import { isUniqueViolation } from '../../sql-state';
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
}

export interface NewAdministrator {
  readonly email: string;
  /** argon2id, encoded form. */
  readonly password_hash: string;
  readonly role: Role;
  readonly scope?: Scope | undefined;
}

export interface AdministratorPatch {
  readonly role?: Role | undefined;
  /** Null: not narrowed. */
  readonly scope?: Scope | null | undefined;
  readonly disabled?: boolean | undefined;
  readonly password_hash?: string | undefined;
}

/** For sign-in; nobody else sees it. */
export interface SignInAccount extends Administrator {
  password_hash: string;
  totp_sealed: SealedEnvelope | null;
}

const shown = ['id', 'email', 'role', 'scope', 'created_at', 'last_sign_in_at', 'disabled_at'] as const;
const hasSecondFactor = sql<boolean>`totp_confirmed_at IS NOT NULL`.as('second_factor');

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

  /** @throws AppError ALREADY_EXISTS when the address is in use */
  async create({ scope, ...input }: NewAdministrator): Promise<Administrator> {
    try {
      return await this.deps.db
        .insertInto('administrators')
        .values({
          id: uuidv7(),
          ...input,
          email: input.email.toLowerCase(),
          scope: scope === undefined ? null : JSON.stringify(scope),
        })
        .returning([...shown, hasSecondFactor])
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The e-mail address is in use');
      throw error;
    }
  }

  async get(id: string): Promise<Administrator | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db
      .selectFrom('administrators')
      .select([...shown, hasSecondFactor])
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** For sign-in; undefined also when the account is disabled. */
  async findForSignIn(email: string): Promise<SignInAccount | undefined> {
    return this.deps.db
      .selectFrom('administrators')
      .select([...shown, hasSecondFactor, 'password_hash', 'totp_sealed'])
      .where('email', '=', email.toLowerCase())
      .where('disabled_at', 'is', null)
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
    return newestFirst(
      this.deps.db.selectFrom('administrators').select([...shown, hasSecondFactor]),
      options,
    );
  }

  /**
   * What is not given stays. Sessions end with the account; a role or scope counts from the next request on.
   * @throws AppError NOT_FOUND; CONFLICT when nobody would be left who may do everything
   */
  async patch(id: string, { scope, disabled, ...plain }: AdministratorPatch): Promise<Administrator> {
    if (!isUuid(id)) throw new AppError('NOT_FOUND', 'No such administrator');
    return this.#keepingOne(async (trx) => {
      const row = await trx
        .updateTable('administrators')
        .set({
          id,
          ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
          ...(scope === undefined ? {} : { scope: scope === null ? null : JSON.stringify(scope) }),
          ...(disabled === undefined ? {} : { disabled_at: disabled ? new Date() : null }),
        })
        .where('id', '=', id)
        .returning([...shown, hasSecondFactor])
        .executeTakeFirst();
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
        WHERE role = 'admin' AND scope IS NULL AND disabled_at IS NULL LIMIT 1`.execute(trx);
      if (rows.length === 0)
        throw new AppError(
          'CONFLICT',
          'Nobody would be left who may do everything: make somebody else first',
        );
      return changed;
    });
  }
}
