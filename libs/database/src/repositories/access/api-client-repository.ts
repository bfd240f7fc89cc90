import type { ApiClient, Role, Scope } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { Principal } from '../../schema/columns';
import { isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

const shown = ['id', 'name', 'role', 'scope', 'created_at', 'disabled_at'] as const;

export interface ApiClientPatch {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  /** Null: not narrowed. */
  readonly scope?: Scope | null | undefined;
  readonly disabled?: boolean | undefined;
}

export class ApiClientRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError ALREADY_EXISTS when the name is in use */
  async create({
    scope,
    ...input
  }: {
    readonly name: string;
    readonly role: Role;
    readonly scope?: Scope | undefined;
  }): Promise<ApiClient> {
    try {
      return await this.deps.db
        .insertInto('api_clients')
        .values({ id: uuidv7(), ...input, scope: scope === undefined ? null : JSON.stringify(scope) })
        .returning(shown)
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
      throw error;
    }
  }

  /**
   * Notes whose requests those of the client are as well: of who made it or was shown a credential of it, and of the people
   * behind that one if it is a client itself.
   */
  async addMaker(id: string, by: Principal): Promise<void> {
    const people =
      by.kind === 'administrator'
        ? sql`SELECT ${by.id}::uuid AS id`
        : sql`SELECT m.administrator_id AS id FROM viw.api_client_makers m WHERE m.client_id::text = ${by.id}`;
    await sql`INSERT INTO viw.api_client_makers (client_id, administrator_id)
      SELECT ${id}::uuid, p.id FROM (${people}) p ON CONFLICT DO NOTHING`.execute(this.deps.db);
  }

  async get(id: string): Promise<ApiClient | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('api_clients').select(shown).where('id', '=', id).executeTakeFirst();
  }

  /** Newest first. */
  list(options: ListOptions = {}): Promise<Page<ApiClient>> {
    return newestFirst(this.deps.db.selectFrom('api_clients').select(shown), options);
  }

  /** What is not given stays. @throws AppError NOT_FOUND, ALREADY_EXISTS when the name is in use */
  async patch(id: string, { name, role, scope, disabled }: ApiClientPatch): Promise<ApiClient> {
    if (!isUuid(id)) throw new AppError('NOT_FOUND', 'No such API client');
    try {
      const row = await this.deps.db
        .updateTable('api_clients')
        .set({
          id,
          ...(name === undefined ? {} : { name }),
          ...(role === undefined ? {} : { role }),
          ...(scope === undefined ? {} : { scope: scope === null ? null : JSON.stringify(scope) }),
          ...(disabled === undefined ? {} : { disabled_at: disabled ? new Date() : null }),
        })
        .where('id', '=', id)
        .returning(shown)
        .executeTakeFirst();
      if (!row) throw new AppError('NOT_FOUND', 'No such API client');
      return row;
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
      throw error;
    }
  }

  /** Its keys go with it. False when there was none. */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const result = await this.deps.db.deleteFrom('api_clients').where('id', '=', id).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }
}
