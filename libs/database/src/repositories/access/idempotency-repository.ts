import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

export interface IdempotentRequest {
  /** `kind:id` of the caller. */
  readonly principal: string;
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** Method and path. */
  readonly route: string;
  /** Of the body; keyed (HMAC) where the body may hold a secret. */
  readonly request_hash: string;
}

export type IdempotencyStart =
  { outcome: 'started' } | { outcome: 'in_progress' } | { outcome: 'replay'; status: number; body: unknown };

/** First answers of writes, for callers that repeat them. */
export class IdempotencyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * `started`: do it, then `complete` or `forget`. `in_progress`: somebody is at it. A start that was never completed is
   * given anew after 5 minutes.
   * @throws AppError CONFLICT when the key was used for another request
   */
  async begin(request: IdempotentRequest): Promise<IdempotencyStart> {
    const { rows } = await sql`
      INSERT INTO viw.idempotency_keys AS k (principal, key, route, request_hash)
      VALUES (${request.principal}, ${request.key}, ${request.route}, ${request.request_hash})
      ON CONFLICT (principal, key) DO UPDATE SET created_at = now()
      WHERE k.response_status IS NULL AND k.created_at < now() - interval '5 minutes'
        AND k.route = excluded.route AND k.request_hash = excluded.request_hash
      RETURNING 1`.execute(this.deps.db);
    if (rows.length > 0) return { outcome: 'started' };
    const known = await this.deps.db
      .selectFrom('idempotency_keys')
      .select(['route', 'request_hash', 'response_status', 'response_body'])
      .where('principal', '=', request.principal)
      .where('key', '=', request.key)
      .executeTakeFirst();
    if (!known) return { outcome: 'in_progress' };
    if (known.route !== request.route || known.request_hash !== request.request_hash)
      throw new AppError('CONFLICT', 'The idempotency key was used for another request');
    return known.response_status === null
      ? { outcome: 'in_progress' }
      : { outcome: 'replay', status: known.response_status, body: known.response_body };
  }

  /** Keeps the answer. Nothing shown only once may be in `body`. */
  async complete(request: IdempotentRequest, status: number, body: unknown): Promise<void> {
    await this.deps.db
      .updateTable('idempotency_keys')
      .set({ response_status: status, response_body: JSON.stringify(body ?? null) })
      .where('principal', '=', request.principal)
      .where('key', '=', request.key)
      .execute();
  }

  /** The request failed without effect: the same key may try again. */
  async forget(request: IdempotentRequest): Promise<void> {
    await this.deps.db
      .deleteFrom('idempotency_keys')
      .where('principal', '=', request.principal)
      .where('key', '=', request.key)
      .where('response_status', 'is', null)
      .execute();
  }

  async deleteOlderThan(hours: number): Promise<number> {
    const { numAffectedRows } = await sql`
      DELETE FROM viw.idempotency_keys WHERE created_at < now() - make_interval(hours => ${hours})`.execute(
      this.deps.db,
    );
    return Number(numAffectedRows ?? 0);
  }
}
