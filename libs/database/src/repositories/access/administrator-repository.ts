import type { Role, Scope } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
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
}

export interface NewAdministrator {
  readonly email: string;
  /** argon2id, encoded form. */
  readonly password_hash: string;
  readonly role: Role;
}

const shown = ['id', 'email', 'role', 'scope', 'created_at', 'last_sign_in_at', 'disabled_at'] as const;

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
  async create(input: NewAdministrator): Promise<Administrator> {
    try {
      return await this.deps.db
        .insertInto('administrators')
        .values({ id: uuidv7(), ...input, email: input.email.toLowerCase() })
        .returning(shown)
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The e-mail address is in use');
      throw error;
    }
  }

  async get(id: string): Promise<Administrator | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('administrators').select(shown).where('id', '=', id).executeTakeFirst();
  }

  /** For sign-in; undefined also when the account is disabled. */
  async findForSignIn(email: string): Promise<(Administrator & { password_hash: string }) | undefined> {
    return this.deps.db
      .selectFrom('administrators')
      .select([...shown, 'password_hash'])
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

  /** By e-mail address. */
  async list(): Promise<Administrator[]> {
    return this.deps.db.selectFrom('administrators').select(shown).orderBy('email').execute();
  }
}
