import { isError } from '@viw/runtime';
import type { Redis } from 'ioredis';
import type { PendingEntry } from './publish-queue';

export type SendResult = { readonly id: string } | { readonly error: Error };

/** Sends the entries in one pipeline, in order; one result per entry. Never rejects. */
export async function sendPipeline(redis: Redis, entries: readonly PendingEntry[]): Promise<SendResult[]> {
  const pipeline = redis.pipeline();
  for (const entry of entries) pipeline.call('XADD', entry.key, ...entry.args);
  try {
    const replies = (await pipeline.exec()) ?? [];
    return entries.map((_, index) => {
      const [error, id] = replies[index] ?? [new Error('Connection is closed without a reply')];
      return error ? { error } : { id: String(id) };
    });
  } catch (error) {
    const failure = isError(error) ? error : new Error('Connection is closed: the pipeline failed');
    return entries.map(() => ({ error: failure }));
  }
}
