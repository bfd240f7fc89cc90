import { isError } from '@viw/runtime';
import type { Redis } from 'ioredis';
import { compareEntryIds, firstId } from '../entry/entry-id';

export interface Gap {
  /** `trimmed`: entries after the wanted id are gone. `reset`: the stream has been deleted and begun anew. */
  readonly reason: 'trimmed' | 'reset';
  /** The last id that was known. */
  readonly wanted: string;
  /** Reading on after this id gives everything that is left. */
  readonly resumeAt: string;
}

interface StreamInfo {
  readonly lastId: string;
  /** Oldest entry kept, if any. */
  readonly first: string | undefined;
  readonly trimmedEver: boolean;
}

/** The last id ever given in the stream, `0-0` when there is no stream. */
export const lastIdOf = async (redis: Redis, key: string): Promise<string> =>
  (await streamInfo(redis, key))?.lastId ?? firstId;

/**
 * Whether entries after `wanted` may be missing. Errs on the side of a gap: when `wanted` itself has been trimmed
 * nothing tells whether the entries right behind it were too.
 */
export async function findGap(redis: Redis, key: string, wanted: string): Promise<Gap | undefined> {
  const info = await streamInfo(redis, key);
  if (!info || compareEntryIds(info.lastId, wanted) < 0) {
    return wanted === firstId ? undefined : { reason: 'reset', wanted, resumeAt: firstId };
  }
  const gapless =
    compareEntryIds(info.lastId, wanted) === 0 ||
    (info.first !== undefined && compareEntryIds(info.first, wanted) <= 0) ||
    (wanted === firstId && !info.trimmedEver);
  return gapless
    ? undefined
    : { reason: 'trimmed', wanted, resumeAt: info.first === undefined ? info.lastId : wanted };
}

async function streamInfo(redis: Redis, key: string): Promise<StreamInfo | undefined> {
  let reply: unknown[];
  try {
    reply = (await redis.xinfo('STREAM', key)) as unknown[];
  } catch (error) {
    if (isError(error) && /no such key/i.test(error.message)) return undefined;
    throw error;
  }
  const value = (name: string): unknown => reply[reply.indexOf(name) + 1];
  const first = value('first-entry') as [string, unknown] | null;
  return {
    lastId: String(value('last-generated-id')),
    first: first?.[0],
    trimmedEver: Number(value('entries-added')) > Number(value('length')),
  };
}
