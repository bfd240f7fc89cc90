import { changesStream } from '@viw/contracts';
import { decodeEntry } from '@viw/streams';
import type { Redis } from '@viw/streams';
import type { LoggedChanges } from './replay-buffer';
import { ReplayBuffer } from './replay-buffer';

const READ_BACK = 1_000;

/** What the stream still holds, so that listeners can go on where they were before this process started. */
export async function fillReplayBuffer(redis: Redis): Promise<ReplayBuffer> {
  const newestFirst = await redis.xrevrange(changesStream.stream, '+', '-', 'COUNT', READ_BACK);
  const entries = newestFirst.reverse().flatMap(([id, fields]): LoggedChanges[] => {
    try {
      return [{ id, changes: decodeEntry(changesStream, fields).body.changes }];
    } catch {
      // Unreadable here, so it could not have been told to anybody either.
      return [];
    }
  });
  return new ReplayBuffer(entries);
}
