import type { ApiClient, apiKeyCreated, Role, Scope } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { generateApiKey } from '@viw/secrets';
import type { z } from 'zod';
import type { Repositories } from '../store';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';

export interface ApiClientServiceDeps {
  readonly repositories: Pick<Repositories, 'apiClients'>;
  readonly writes: IdempotentWrites;
}

/** Machines that may call, and their keys. */
export class ApiClientService {
  constructor(private readonly deps: ApiClientServiceDeps) {}

  list(options: { limit?: number; cursor?: string | undefined }) {
    return this.deps.repositories.apiClients.list(options);
  }

  create(
    write: WriteRequest,
    input: { name: string; role: Role; scope?: Scope | undefined },
  ): Promise<ApiClient> {
    return this.deps.writes.perform(write, async ({ apiClients }) => {
      const client = await apiClients.create(input);
      const object = { kind: 'api_client', id: client.id };
      return { answer: client, audit: { action: 'api_client.create', object, detail: { ...input } } };
    });
  }

  /** The key leaves here and is kept nowhere. @throws AppError NOT_FOUND, VALIDATION_FAILED for a time that is over */
  createKey(
    write: WriteRequest,
    clientId: string,
    { expires_at: expiresAt }: { expires_at?: string | undefined },
  ): Promise<z.output<typeof apiKeyCreated>> {
    if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now())
      throw new AppError('VALIDATION_FAILED', 'expires_at is over', {
        meta: { errors: [{ path: 'expires_at', msg: 'in the future' }] },
      });
    const { id, key, hash } = generateApiKey();
    return this.deps.writes.perform(
      write,
      async ({ apiClients, apiKeys }) => {
        if (!(await apiClients.get(clientId))) throw new AppError('NOT_FOUND', 'No such API client');
        const row = await apiKeys.create({
          id,
          client_id: clientId,
          secret_hash: hash,
          expires_at: expiresAt,
        });
        return {
          answer: { id, key, expires_at: row.expires_at },
          audit: {
            action: 'api_key.create',
            object: { kind: 'api_key', id },
            detail: { client_id: clientId, expires_at: row.expires_at },
          },
        };
      },
      { shownOnce: true },
    );
  }
}
