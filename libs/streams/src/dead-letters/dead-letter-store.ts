import { deadLetterStream } from '@viw/contracts';
import type { StreamName } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Redis } from 'ioredis';
import { compareEntryIds } from '../entry/entry-id';
import { rawEntries } from '../entry/raw-entry';
import { readDeadLetter } from './dead-letter';
import type { DeadLetter, DeadLetterPlace } from './dead-letter';
import { deadLetterStreamOf, deadLetterStreams } from './known-streams';
import type { DeadLetterStream } from './known-streams';
import { newestIds, putBack } from './scripts';

/** Bodies fetched at a time: one may be as large as a batch of telemetry. */
const FETCH = 20;

type Found = DeadLetterStream & DeadLetterPlace;

/** Newest first, and in a fixed order where two streams have the same id. */
const newestFirst = (a: DeadLetterPlace, b: DeadLetterPlace): number =>
  compareEntryIds(b.deadId, a.deadId) || (a.stream < b.stream ? -1 : Number(a.stream > b.stream));

/**
 * What consumers have set aside, in all streams. Every method rejects with what Redis threw; see `isRetryable`.
 * Needs a connection of role `command`, and of its account: HGET, HGETALL, XLEN, XRANGE, XREVRANGE, XADD, XDEL, EVAL.
 */
export class DeadLetterStore {
  readonly #redis: Redis;

  constructor({ redis }: { redis: Redis }) {
    this.#redis = redis;
  }

  /**
   * A page, newest first, each made into what the caller needs before the next are fetched.
   *
   * @param options.stream only from this one
   * @param options.after the last of the page before; it may be gone meanwhile
   */
  async list<T>(
    options: {
      readonly limit: number;
      readonly stream?: string | undefined;
      readonly after?: DeadLetterPlace;
    },
    make: (letter: DeadLetter) => T,
  ): Promise<{ items: T[]; more: boolean; last: DeadLetterPlace | undefined }> {
    const streams = await this.#streams(options.stream);
    const ids = await Promise.all(streams.map((from) => this.#newest(from, options)));
    const places = ids.flat().sort(newestFirst);
    const shown = places.slice(0, options.limit);
    const items: T[] = [];
    for (let at = 0; at < shown.length; at += FETCH) {
      const letters = await Promise.all(shown.slice(at, at + FETCH).map((place) => this.#read(place)));
      for (const letter of letters) if (letter) items.push(make(letter));
    }
    return { items, more: places.length > options.limit, last: shown.at(-1) };
  }

  /** How many stand in the dead-letter streams, by the stream of the contract; those of hubs are added up. */
  async counts(stream?: string): Promise<Map<StreamName, number>> {
    const counts = new Map<StreamName, number>();
    const streams = await this.#streams(stream);
    const lengths = await Promise.all(streams.map((from) => this.#redis.xlen(deadLetterStream(from.stream))));
    streams.forEach(({ contract }, index) => {
      counts.set(contract.stream, (counts.get(contract.stream) ?? 0) + (lengths[index] ?? 0));
    });
    return counts;
  }

  /** Undefined also for a stream that is none of viw's. */
  async find({ stream, deadId }: DeadLetterPlace): Promise<DeadLetter | undefined> {
    const from = await deadLetterStreamOf(this.#redis, stream);
    return from && this.#read({ ...from, deadId });
  }

  /**
   * Back to the end of its stream with the fields it had, its `event_id` among them, and out of the dead-letter stream:
   * both or neither. A group that had handled other entries meanwhile gets it after them.
   *
   * @returns its new stream id; undefined when somebody else has replayed or discarded it
   * @throws AppError CONFLICT when it has no body
   */
  async replay({ stream, deadId, body }: DeadLetter): Promise<string | undefined> {
    if (!body) throw new AppError('CONFLICT', 'There is no entry in this dead letter that could be put back');
    const id = await this.#redis.eval(putBack, 2, deadLetterStream(stream), stream, deadId, ...body.fields);
    return typeof id === 'string' ? id : undefined;
  }

  /** For good. False when it is not there any more. */
  async discard({ stream, deadId }: DeadLetter): Promise<boolean> {
    return (await this.#redis.xdel(deadLetterStream(stream), deadId)) === 1;
  }

  async #streams(only: string | undefined): Promise<DeadLetterStream[]> {
    if (only === undefined) return deadLetterStreams(this.#redis);
    const from = await deadLetterStreamOf(this.#redis, only);
    return from ? [from] : [];
  }

  /** One more than a page holds. */
  async #newest(
    from: DeadLetterStream,
    { limit, after }: { readonly limit: number; readonly after?: DeadLetterPlace },
  ): Promise<Found[]> {
    const end = after ? `${from.stream > after.stream ? '' : '('}${after.deadId}` : '+';
    const ids = await this.#redis.eval(newestIds, 1, deadLetterStream(from.stream), end, limit + 1);
    return (ids as string[]).map((deadId) => ({ ...from, deadId }));
  }

  async #read({ stream, contract, deadId }: Found): Promise<DeadLetter | undefined> {
    const [entry] = rawEntries(await this.#redis.xrange(deadLetterStream(stream), deadId, deadId));
    return entry?.fields && readDeadLetter({ stream, contract }, deadId, entry.fields);
  }
}
