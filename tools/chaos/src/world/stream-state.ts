import type { StreamName } from '@viw/contracts';
import { deadLetterBody, deadLetterStream } from '@viw/contracts';
import type { Redis } from '@viw/streams';

export interface DeadLetter {
  readonly stream: string;
  /** As it stood in the stream. */
  readonly fields: readonly string[];
  readonly reason: string;
}

/** Everything that was set aside of these streams. */
export async function readDeadLetters(redis: Redis, streams: readonly StreamName[]): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (const stream of streams) {
    for (const [, fields] of await redis.xrange(deadLetterStream(stream), '-', '+')) {
      const letter = deadLetterBody.parse(JSON.parse(fields[fields.indexOf('body') + 1] ?? ''));
      letters.push({
        stream: letter.stream,
        fields: letter.fields,
        reason: `${letter.error.code} ${letter.error.msg}`,
      });
    }
  }
  return letters;
}

/** Groups that have not read their stream up, and entries handed out and not acknowledged. */
export async function unfinished<S extends string>(
  redis: Redis,
  streams: readonly S[],
  group: (stream: S) => string,
): Promise<{ pending: number; unread: number; entries: number }> {
  let pending = 0;
  let unread = 0;
  let entries = 0;
  for (const stream of streams) {
    const info = pairs((await redis.xinfo('STREAM', stream)) as unknown[]);
    entries += Number(info.get('length'));
    const groups = ((await redis.xinfo('GROUPS', stream)) as unknown[][]).map(pairs);
    const own = groups.find((each) => each.get('name') === group(stream));
    pending += Number(own?.get('pending') ?? 0);
    // Not the lag: Redis does not know it after deletions and for a group that was made anew.
    if (own?.get('last-delivered-id') !== info.get('last-generated-id')) unread += 1;
  }
  return { pending, unread, entries };
}

function pairs(flat: readonly unknown[]): Map<string, unknown> {
  return new Map(
    Array.from({ length: flat.length / 2 }, (_, i): [string, unknown] => [
      String(flat[i * 2]),
      flat[i * 2 + 1],
    ]),
  );
}

/** Asked by every service at its start and granted to one: the others expect the refusal. */
const EXPECTED_REFUSAL = 'config|get';

/** What Redis has refused an account since its last start: rights that are missing. 128 at most. */
export async function refusedByRedis(redis: Redis): Promise<string[]> {
  const entries = ((await redis.call('ACL', 'LOG', 128)) as unknown[][]).map(pairs);
  return entries
    .filter((entry) => entry.get('object') !== EXPECTED_REFUSAL)
    .map((entry) => {
      const [who, what, reason] = ['username', 'object', 'reason'].map((name) => String(entry.get(name)));
      return `Redis refused ${who} ${what} (${reason})`;
    });
}

/** Memory that Redis uses, MiB. */
export async function usedMemoryMb(redis: Redis): Promise<number> {
  return Math.round(Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1] ?? 0) / 2 ** 20);
}

/** @param words of an XADD without options: command, stream, `*`, then `event_id` first of all fields */
export async function isInStream(
  redis: Redis,
  [, stream = '', , , eventId]: readonly string[],
): Promise<boolean> {
  const newest = await redis.xrevrange(stream, '+', '-', 'COUNT', 500);
  return newest.some(([, fields]) => fields[1] === eventId);
}
