import type { SshCredential } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import { isForeignKeyViolation, isUniqueViolation } from '../../sql-state';
import type { Scoped } from '../access/scope-conditions';
import { serverInScope } from '../access/scope-conditions';
import type { RepositoryDeps } from '../repository';

export interface NewSshCredential {
  /** Made by the caller (UUIDv7): the envelope is bound to it. */
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly sealed: SealedEnvelope;
  readonly public_fingerprint?: string | undefined;
}

const shown = ['id', 'name', 'username', 'created_at'] as const;

export class SshCredentialRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError ALREADY_EXISTS when the name is in use */
  async create(input: NewSshCredential): Promise<SshCredential> {
    try {
      return await this.deps.db
        .insertInto('ssh_credentials')
        .values({
          ...input,
          sealed: JSON.stringify(input.sealed),
          public_fingerprint: input.public_fingerprint ?? null,
        })
        .returning(shown)
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
      throw error;
    }
  }

  async get(id: string): Promise<SshCredential | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('ssh_credentials').select(shown).where('id', '=', id).executeTakeFirst();
  }

  /** Names of the servers that sign in with it. */
  async users(id: string): Promise<string[]> {
    if (!isUuid(id)) return [];
    const rows = await this.deps.db
      .selectFrom('nginx_servers')
      .select('name')
      .where('ssh_credential_id', '=', id)
      .orderBy('name')
      .execute();
    return rows.map(({ name }) => name);
  }

  /** The envelope too. Only the cert-worker's role may read it. */
  async getSealed(id: string): Promise<{ id: string; username: string; sealed: SealedEnvelope } | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db
      .selectFrom('ssh_credentials')
      .select(['id', 'username', 'sealed'])
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** Newest first. Of a narrowed caller: those that servers in its scope use. */
  list({ scope, ...options }: ListOptions & Scoped = {}): Promise<Page<SshCredential>> {
    const all = this.deps.db.selectFrom('ssh_credentials').select(shown);
    const used = sql<boolean>`EXISTS (SELECT FROM viw.nginx_servers s
      WHERE s.ssh_credential_id = ssh_credentials.id AND ${serverInScope(scope, sql`s.id`)})`;
    return newestFirst(scope ? all.where(used) : all, options);
  }

  /** False when there was none. @throws AppError CONFLICT while a server uses it */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    try {
      const result = await this.deps.db.deleteFrom('ssh_credentials').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new AppError('CONFLICT', 'A server uses this credential');
      throw error;
    }
  }
}
