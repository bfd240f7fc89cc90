import type { Role, Scope } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import { isForeignKeyViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

export interface ApiKey {
  id: string;
  client_id: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
}

export interface UsableApiKey {
  id: string;
  secret_hash: string;
  client_id: string;
  client_name: string;
  role: Role;
  scope: Scope | null;
}

export class ApiKeyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError NOT_FOUND when there is no such client */
  async create(input: {
    /** Public half of the key. */
    readonly id: string;
    readonly client_id: string;
    readonly secret_hash: string;
    readonly expires_at?: string | null | undefined;
  }): Promise<ApiKey> {
    try {
      return await this.deps.db
        .insertInto('api_keys')
        .values({ ...input, expires_at: input.expires_at ?? null })
        .returning(['id', 'client_id', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'])
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such API client');
      throw error;
    }
  }

  /** Undefined when unknown, revoked, expired by the database's clock, or its client is disabled. */
  async findUsable(id: string): Promise<UsableApiKey | undefined> {
    const { rows } = await sql<UsableApiKey>`
      SELECT k.id, k.secret_hash, k.client_id, c.name AS client_name, c.role, c.scope
      FROM viw.api_keys k JOIN viw.api_clients c ON c.id = k.client_id
      WHERE k.id = ${id} AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        AND c.disabled_at IS NULL`.execute(this.deps.db);
    return rows[0];
  }

  /** Notes the use; once a minute is exact enough. */
  async touch(id: string): Promise<void> {
    await sql`UPDATE viw.api_keys SET last_used_at = now() WHERE id = ${id}
      AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`.execute(this.deps.db);
  }

  /**
   * The key stops working so many seconds from now, or before if it was to.
   * @throws AppError NOT_FOUND when the client has no such key that works
   */
  async expireIn(clientId: string, id: string, seconds: number): Promise<ApiKey> {
    const { rows } = isUuid(clientId)
      ? await sql<ApiKey>`
          UPDATE viw.api_keys SET expires_at = least(expires_at, now() + make_interval(secs => ${seconds}))
          WHERE id = ${id} AND client_id = ${clientId} AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now())
          RETURNING id, client_id, created_at, expires_at, revoked_at, last_used_at`.execute(this.deps.db)
      : { rows: [] };
    if (!rows[0]) throw new AppError('NOT_FOUND', 'No such key that works');
    return rows[0];
  }

  /** False when there was no such usable key of this client. */
  async revoke(clientId: string, id: string): Promise<boolean> {
    if (!isUuid(clientId)) return false;
    const { rows } = await sql`UPDATE viw.api_keys SET revoked_at = now()
      WHERE id = ${id} AND client_id = ${clientId} AND revoked_at IS NULL RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** Newest first. */
  async list(clientId: string): Promise<ApiKey[]> {
    if (!isUuid(clientId)) return [];
    return this.deps.db
      .selectFrom('api_keys')
      .select(['id', 'client_id', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'])
      .where('client_id', '=', clientId)
      .orderBy('created_at', 'desc')
      .execute();
  }
}
