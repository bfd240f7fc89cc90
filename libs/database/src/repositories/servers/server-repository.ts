import type { Server } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import { isForeignKeyViolation, isUniqueViolation } from '../../sql-state';
import type { Scoped } from '../access/scope-conditions';
import { serverInScope } from '../access/scope-conditions';
import type { RepositoryDeps } from '../repository';

export type NewServer = Omit<Server, 'id' | 'created_at' | 'jump_server_id' | 'rights'> &
  Partial<Pick<Server, 'jump_server_id' | 'rights'>>;

type Changeable =
  'name' | 'host' | 'ssh_port' | 'ssh_credential_id' | 'test_command' | 'reload_command' | 'rights';
/** What is undefined stays. */
export type ServerChanges = { readonly [K in Changeable]?: Server[K] | undefined };

const shown = [
  'id',
  'name',
  'host',
  'ssh_port',
  'ssh_credential_id',
  'jump_server_id',
  'host_key_fingerprint',
  'test_command',
  'reload_command',
  'rights',
  'created_at',
] as const;

export class ServerRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError ALREADY_EXISTS when the name is in use, NOT_FOUND when the credential or the jump server is not there */
  async create(input: NewServer): Promise<Server> {
    try {
      return await this.deps.db
        .insertInto('nginx_servers')
        .values({
          ...input,
          id: uuidv7(),
          jump_server_id: input.jump_server_id ?? null,
          test_command: JSON.stringify(input.test_command),
          reload_command: JSON.stringify(input.reload_command),
        })
        .returning(shown)
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
      if (isForeignKeyViolation(error))
        throw new AppError('NOT_FOUND', 'No such SSH credential or jump server');
      throw error;
    }
  }

  async get(id: string): Promise<Server | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('nginx_servers').select(shown).where('id', '=', id).executeTakeFirst();
  }

  /** @throws AppError NOT_FOUND, also without such a credential; ALREADY_EXISTS when the name is in use */
  async change(id: string, changes: ServerChanges): Promise<Server> {
    const { test_command: test, reload_command: reload, ...rest } = changes;
    const set = {
      ...rest,
      ...(test && { test_command: JSON.stringify(test) }),
      ...(reload && { reload_command: JSON.stringify(reload) }),
    };
    try {
      const row = isUuid(id)
        ? await this.deps.db
            .updateTable('nginx_servers')
            // Without a change, too, the row is locked and returned.
            .set({ id, ...set })
            .where('id', '=', id)
            .returning(shown)
            .executeTakeFirst()
        : undefined;
      if (!row) throw new AppError('NOT_FOUND', 'No such server');
      return row;
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
      if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such SSH credential');
      throw error;
    }
  }

  /** Names of the servers that are reached through it. */
  async reachedThrough(id: string): Promise<string[]> {
    if (!isUuid(id)) return [];
    const rows = await this.deps.db
      .selectFrom('nginx_servers')
      .select('name')
      .where('jump_server_id', '=', id)
      .orderBy('name')
      .execute();
    return rows.map(({ name }) => name);
  }

  /** A person has confirmed it. @throws AppError NOT_FOUND */
  async pinHostKey(id: string, fingerprint: string): Promise<Server> {
    const row = isUuid(id)
      ? await this.deps.db
          .updateTable('nginx_servers')
          .set({ host_key_fingerprint: fingerprint })
          .where('id', '=', id)
          .returning(shown)
          .executeTakeFirst()
      : undefined;
    if (!row) throw new AppError('NOT_FOUND', 'No such server');
    return row;
  }

  /** Newest first. */
  list({ scope, ...options }: ListOptions & Scoped = {}): Promise<Page<Server>> {
    const all = this.deps.db.selectFrom('nginx_servers').select(shown);
    return newestFirst(all.where(serverInScope(scope, sql`nginx_servers.id`)), options);
  }

  /** False when there was none. @throws AppError CONFLICT while it has virtual hosts or is a jump server */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    try {
      const result = await this.deps.db.deleteFrom('nginx_servers').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    } catch (error) {
      if (isForeignKeyViolation(error))
        throw new AppError(
          'CONFLICT',
          'The server still has virtual hosts, or others are reached through it',
        );
      throw error;
    }
  }
}
