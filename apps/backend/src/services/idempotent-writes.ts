import { createHmac } from 'node:crypto';
import { canonicalJson } from '@viw/commands';
import type { Change } from '@viw/contracts';
import type { Repositories, Store } from '../store';
import { AppError } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import type { Caller } from '../auth/caller';
import { principalOf } from '../auth/caller';
import type { RequestFacts } from '../http/route';
import type { AuditNote } from './audit-trail';
import { auditEntry } from './audit-trail';

/** A write as it was asked for. */
export interface WriteRequest {
  readonly caller: Caller;
  readonly request: RequestFacts;
  /** Validated; may hold secrets. */
  readonly body: unknown;
}

export interface Done<T> {
  readonly answer: T;
  /** Undefined: it was noted with the effect, or by an earlier request. */
  readonly audit: AuditNote | undefined;
  /** Announced after the commit. */
  readonly changes?: readonly Change[];
}

export interface WriteOptions {
  /** The answer holds a secret: it is not kept, and a repeated request is refused instead of answered again. */
  readonly shownOnce?: boolean;
  /** In place of a missing `Idempotency-Key`. */
  readonly fallbackKey?: string | undefined;
  /** The work writes by one statement, audit line included: without a key to remember it needs no transaction. */
  readonly atomic?: boolean;
}

export interface WritesDeps {
  readonly store: Store;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
}

/**
 * How every write is done: idempotency key, effect and audit line in one transaction, announcement after its commit.
 */
export class IdempotentWrites {
  constructor(
    private readonly options: {
      /** Requests are remembered by a keyed hash: their bodies may hold passwords. */
      readonly hashKey: Buffer;
    },
    private readonly deps: WritesDeps,
  ) {}

  /**
   * @returns the answer; of the first request when this one repeats it
   * @throws AppError CONFLICT when the idempotency key was used for something else; whatever `work` throws, and then
   *   nothing has happened
   */
  async perform<T>(
    write: WriteRequest,
    work: (repositories: Repositories) => Promise<Done<T>>,
    options: WriteOptions = {},
  ): Promise<T> {
    const { store, changes } = this.deps;
    const key = idempotencyKeyOf(write.request) ?? options.fallbackKey;
    const keyed = key === undefined ? undefined : this.#keyed(key, write);
    const perform = async (
      repositories: Repositories,
    ): Promise<{ answer: T; changes?: readonly Change[] }> => {
      if (keyed) {
        const start = await repositories.idempotency.begin(keyed);
        if (start.outcome === 'in_progress')
          throw new AppError('CONFLICT', 'The first request with this idempotency key is not finished yet');
        if (start.outcome === 'replay') {
          if (options.shownOnce === true)
            throw new AppError(
              'CONFLICT',
              'This was done by an earlier request; its answer is shown only once',
            );
          return { answer: start.body as T };
        }
      }
      const result = await work(repositories);
      const { caller, request } = write;
      if (result.audit)
        await repositories.audit.append(auditEntry(principalOf(caller), request, 'success', result.audit));
      if (keyed)
        await repositories.idempotency.complete(keyed, 200, options.shownOnce ? null : result.answer);
      return result;
    };
    const done =
      options.atomic === true && keyed === undefined
        ? await perform(store.repositories)
        : await store.transaction(perform);
    changes.announce(done.changes ?? []);
    return done.answer;
  }

  #keyed(key: string, { caller, request, body }: WriteRequest) {
    return {
      principal: `${caller.kind}:${caller.id}`,
      key,
      route: request.target.slice(0, 1_000),
      request_hash: createHmac('sha256', this.options.hashKey)
        .update(canonicalJson(body ?? null))
        .digest('hex'),
    };
  }
}

/** @throws AppError VALIDATION_FAILED */
function idempotencyKeyOf({ headers }: RequestFacts): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new AppError('VALIDATION_FAILED', 'Idempotency-Key: 1 to 128 printable ASCII characters', {
    meta: { errors: [{ path: 'Idempotency-Key', msg: '1 to 128 printable ASCII characters' }] },
  });
}
