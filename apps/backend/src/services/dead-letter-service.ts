import type { DeadLetterDetail, DeadLetterReplayed, DeadLetterSummary } from '@viw/contracts';
import type { Page } from '@viw/database';
import { AppError, toAppError } from '@viw/runtime';
import { isRetryable } from '@viw/streams';
import type { DeadLetter, DeadLetterPlace, DeadLetterStore } from '@viw/streams';
import { principalOf } from '../auth/caller';
import { placeOf, referenceOf } from '../dead-letters/reference';
import { detailOf, replayedOf, summaryOf } from '../dead-letters/view';
import type { AuditTrail } from './audit-trail';
import { auditEntry } from './audit-trail';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface DeadLetterServiceDeps {
  readonly store: DeadLetterStore;
  readonly writes: IdempotentWrites;
  readonly audit: AuditTrail;
}

type Action = 'dead_letter.replay' | 'dead_letter.discard';

const notThere = (): AppError =>
  new AppError('NOT_FOUND', 'No such dead letter; it may have been replayed or discarded');

/**
 * What consumers have set aside, in Redis. The request of a change is in the audit log before anything is changed, and
 * its outcome after; a request without an outcome says that this process died in between.
 */
export class DeadLetterService {
  constructor(private readonly deps: DeadLetterServiceDeps) {}

  /** Newest first. @throws AppError VALIDATION_FAILED, UNAVAILABLE */
  async list(options: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly stream?: string | undefined;
    readonly total?: boolean | undefined;
  }): Promise<Page<DeadLetterSummary>> {
    const { store } = this.deps;
    const { limit, cursor, stream, total = false } = options;
    const after = cursor === undefined ? undefined : cursorPlace(cursor);
    const page = await fromRedis(store.list({ limit, stream, ...(after && { after }) }, summaryOf));
    const counts = total ? await fromRedis(store.counts(stream)) : undefined;
    return {
      items: page.items,
      next_cursor: page.more && page.last ? referenceOf(page.last) : null,
      ...(counts && { total: [...counts.values()].reduce((sum, count) => sum + count, 0) }),
    };
  }

  /** @throws AppError NOT_FOUND, UNAVAILABLE */
  async get(id: string): Promise<DeadLetterDetail> {
    const letter = await this.#find(id);
    if (!letter) throw notThere();
    return detailOf(letter);
  }

  /**
   * Puts it back at the end of its stream, also when it can never be understood: the answer says so then, and it will be
   * set aside again. The same idempotency key again completes what the first request may not have got to; what
   * somebody else did to it meanwhile stands in the audit log only.
   *
   * @throws AppError NOT_FOUND, CONFLICT when there is no entry in it, UNAVAILABLE
   */
  replay(write: WriteRequest, id: string): Promise<DeadLetterReplayed> {
    return this.#change(write, id, {
      action: 'dead_letter.replay',
      answer: (letter) => {
        if (!letter.body)
          throw new AppError(
            'CONFLICT',
            'This was not written by a consumer of viw: it can only be discarded',
          );
        return replayedOf(letter);
      },
      effect: async (letter) => {
        const entryId = await this.deps.store.replay(letter);
        return entryId === undefined ? undefined : { new_entry_id: entryId };
      },
    });
  }

  /** For good. @throws AppError NOT_FOUND, UNAVAILABLE */
  async discard(write: WriteRequest, id: string): Promise<void> {
    await this.#change(write, id, {
      action: 'dead_letter.discard',
      answer: () => null,
      effect: async (letter) => ((await this.deps.store.discard(letter)) ? {} : undefined),
    });
  }

  /** @param change.effect undefined: it was not there any more */
  async #change<T>(
    write: WriteRequest,
    id: string,
    change: {
      readonly action: Action;
      readonly answer: (letter: DeadLetter) => T;
      readonly effect: (letter: DeadLetter) => Promise<Readonly<Record<string, unknown>> | undefined>;
    },
  ): Promise<T> {
    const letter = await this.#find(id);
    const object = { kind: 'dead_letter', id };
    let repeated = true;
    const answer = await this.deps.writes.perform(write, async () => {
      repeated = false;
      if (!letter) throw notThere();
      const audit = { action: `${change.action}_requested`, object, detail: describe(letter) };
      return { answer: change.answer(letter), audit };
    });
    // The first request with this idempotency key got this far already.
    if (!letter) return answer;
    const record = (outcome: 'success' | 'failure', detail: Readonly<Record<string, unknown>>) =>
      this.deps.audit.append(
        auditEntry(principalOf(write.caller), write.request, outcome, {
          action: change.action,
          object,
          detail,
        }),
      );
    try {
      const done = await fromRedis(change.effect(letter));
      if (done) await record('success', { ...describe(letter), ...done });
      else if (!repeated) throw notThere();
    } catch (error) {
      await record('failure', { ...describe(letter), code: toAppError(error).code });
      throw error;
    }
    return answer;
  }

  async #find(id: string): Promise<DeadLetter | undefined> {
    const place = placeOf(id);
    return place && fromRedis(this.deps.store.find(place));
  }
}

/** What it was, without anything of what stood in it but its ids: nobody can remove a line of the audit log again. */
const describe = (letter: DeadLetter): Readonly<Record<string, unknown>> => {
  const { stream, entry_id, group, error, event_id, correlation_id } = summaryOf(letter);
  return {
    stream,
    dead_id: letter.deadId,
    entry_id,
    group,
    error_code: error.code,
    event_id,
    correlation_id,
  };
};

/** @throws AppError VALIDATION_FAILED */
function cursorPlace(cursor: string): DeadLetterPlace {
  const place = placeOf(cursor);
  if (place) return place;
  throw new AppError('VALIDATION_FAILED', 'The cursor is not one of this list', {
    meta: { errors: [{ path: 'cursor', msg: 'not a cursor of this list' }] },
  });
}

/** @throws AppError UNAVAILABLE when Redis is away; whether a change took place is not known then */
async function fromRedis<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError || !isRetryable(error)) throw error;
    throw new AppError('UNAVAILABLE', 'Redis does not answer', { meta: { retry_after_s: 2 }, cause: error });
  }
}
