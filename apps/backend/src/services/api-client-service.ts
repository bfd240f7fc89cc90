import type {
  ApiClient,
  apiClientCreate,
  apiClientPatch,
  apiKeyCreate,
  apiKeyCreated,
  apiKeyRotate,
  tokenCreated,
} from '@viw/contracts';
import { TOKEN_MAX_S } from '@viw/contracts';
import type { ApiClientCertificate, ApiKey, ListOptions } from '@viw/database';
import { AppError } from '@viw/runtime';
import { generateApiKey } from '@viw/secrets';
import type { z } from 'zod';
import type { AccessTokens } from '../auth/access-tokens';
import type { Repositories } from '../store';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';

export interface ApiClientServiceDeps {
  readonly repositories: Pick<Repositories, 'apiClients' | 'apiKeys' | 'apiClientCertificates'>;
  readonly writes: IdempotentWrites;
  readonly tokens: Pick<AccessTokens, 'issue'>;
}

type CreatedKey = z.output<typeof apiKeyCreated>;
const noSuchClient = (): AppError => new AppError('NOT_FOUND', 'No such API client');

/** Machines that may call, their keys and tokens. */
export class ApiClientService {
  constructor(private readonly deps: ApiClientServiceDeps) {}

  list(options: ListOptions) {
    return this.deps.repositories.apiClients.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<ApiClient> {
    const client = await this.deps.repositories.apiClients.get(id);
    if (!client) throw noSuchClient();
    return client;
  }

  create(write: WriteRequest, input: z.output<typeof apiClientCreate>): Promise<ApiClient> {
    return this.deps.writes.perform(write, async ({ apiClients }) => {
      const client = await apiClients.create(input);
      await apiClients.addMaker(client.id, write.caller);
      return { answer: client, ...told('api_client.create', client.id, { ...input }) };
    });
  }

  /** Counts within a second, on every backend. @throws AppError NOT_FOUND, ALREADY_EXISTS */
  update(write: WriteRequest, id: string, patch: z.output<typeof apiClientPatch>): Promise<ApiClient> {
    return this.deps.writes.perform(write, async ({ apiClients }) => ({
      answer: await apiClients.patch(id, patch),
      ...told('api_client.update', id, { ...patch }),
    }));
  }

  /** With its keys; its tokens open nothing either. @throws AppError NOT_FOUND */
  async delete(write: WriteRequest, id: string): Promise<void> {
    await this.deps.writes.perform(write, async ({ apiClients }) => {
      if (!(await apiClients.delete(id))) throw noSuchClient();
      return { answer: null, ...told('api_client.delete', id, {}) };
    });
  }

  /** Newest first, those that work no more included. @throws AppError NOT_FOUND */
  async keys(id: string): Promise<{ items: ApiKey[] }> {
    await this.get(id);
    return { items: await this.deps.repositories.apiKeys.list(id) };
  }

  /** The key leaves here and is kept nowhere. @throws AppError NOT_FOUND, VALIDATION_FAILED for a time that is over */
  createKey(
    write: WriteRequest,
    clientId: string,
    input: z.output<typeof apiKeyCreate>,
  ): Promise<CreatedKey> {
    return this.#makeKey(write, clientId, input.expires_at, async () => ({}));
  }

  /** The former key works on for the overlap. @throws AppError as `createKey`; NOT_FOUND for a key that works no more */
  rotateKey(
    write: WriteRequest,
    { id, key_id: former }: { id: string; key_id: string },
    { overlap_s: overlap, expires_at }: z.output<typeof apiKeyRotate>,
  ): Promise<CreatedKey> {
    return this.#makeKey(write, id, expires_at, async ({ apiKeys }) => {
      const { expires_at: until } = await apiKeys.expireIn(id, former, overlap);
      return { replaces: former, former_until: until };
    });
  }

  /** Works no more within a second, on every backend. @throws AppError NOT_FOUND */
  async revokeKey(write: WriteRequest, { id, key_id: key }: { id: string; key_id: string }): Promise<void> {
    await this.deps.writes.perform(write, async ({ apiKeys }) => {
      if (!(await apiKeys.revoke(id, key))) throw new AppError('NOT_FOUND', 'No such key that works');
      const object = { kind: 'api_key', id: key };
      return { answer: null, audit: { action: 'api_key.revoke', object, detail: { client_id: id } } };
    });
  }

  /** Newest first. @throws AppError NOT_FOUND */
  async certificates(id: string): Promise<{ items: ApiClientCertificate[] }> {
    await this.get(id);
    return { items: await this.deps.repositories.apiClientCertificates.list(id) };
  }

  /** Whoever holds its key is this client from now on. @throws AppError NOT_FOUND, ALREADY_EXISTS */
  addCertificate(write: WriteRequest, id: string, sha256: string): Promise<ApiClientCertificate> {
    return this.deps.writes.perform(write, async ({ apiClients, apiClientCertificates }) => {
      const answer = await apiClientCertificates.add(id, sha256);
      await apiClients.addMaker(id, write.caller);
      return { answer, ...told('api_client.certificate_add', id, { sha256 }) };
    });
  }

  /** It opens nothing any more within a second. @throws AppError NOT_FOUND */
  async removeCertificate(
    write: WriteRequest,
    { id, sha256 }: { id: string; sha256: string },
  ): Promise<void> {
    await this.deps.writes.perform(write, async ({ apiClientCertificates }) => {
      if (!(await apiClientCertificates.remove(id, sha256)))
        throw new AppError('NOT_FOUND', 'The client has no such certificate');
      return { answer: null, ...told('api_client.certificate_remove', id, { sha256 }) };
    });
  }

  /** The token leaves here and is kept nowhere. @throws AppError NOT_FOUND */
  async createToken(write: WriteRequest, id: string, ttlS: number): Promise<z.output<typeof tokenCreated>> {
    const token = await this.deps.tokens.issue(id, ttlS);
    return this.deps.writes.perform(
      write,
      async ({ apiClients }) => {
        if (!(await apiClients.get(id))) throw noSuchClient();
        await apiClients.addMaker(id, write.caller);
        const { jti, expires_at } = token;
        const object = { kind: 'api_token', id: jti };
        const detail = { client_id: id, expires_at };
        return { answer: token, audit: { action: 'api_token.create', object, detail } };
      },
      { shownOnce: true },
    );
  }

  /** Within a second, on every backend. A second time, or for a token that never was, changes nothing more. */
  async revokeToken(write: WriteRequest, jti: string): Promise<void> {
    await this.deps.writes.perform(write, async ({ revokedTokens }) => {
      // When it expires is not known here; no token lives longer than this.
      await revokedTokens.revoke(jti, new Date(Date.now() + (TOKEN_MAX_S + 60) * 1_000).toISOString());
      return { answer: null, audit: { action: 'api_token.revoke', object: { kind: 'api_token', id: jti } } };
    });
  }

  #makeKey(
    write: WriteRequest,
    clientId: string,
    expiresAt: string | undefined,
    before: (repositories: Repositories) => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<CreatedKey> {
    if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now())
      throw new AppError('VALIDATION_FAILED', 'expires_at is over', {
        meta: { errors: [{ path: 'expires_at', msg: 'in the future' }] },
      });
    const { id, key, hash } = generateApiKey();
    return this.deps.writes.perform(
      write,
      async (repositories) => {
        if (!(await repositories.apiClients.get(clientId))) throw noSuchClient();
        const detail = await before(repositories);
        const row = await repositories.apiKeys.create({
          id,
          client_id: clientId,
          secret_hash: hash,
          expires_at: expiresAt,
        });
        await repositories.apiClients.addMaker(clientId, write.caller);
        return {
          answer: { id, key, expires_at: row.expires_at },
          audit: {
            action: 'api_key.create',
            object: { kind: 'api_key', id },
            detail: { client_id: clientId, expires_at: row.expires_at, ...detail },
          },
        };
      },
      { shownOnce: true },
    );
  }
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'api_client', id }, detail },
});
