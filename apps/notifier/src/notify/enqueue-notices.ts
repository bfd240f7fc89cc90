import type { Repositories } from '../store';
import type { Notice } from './notice';
import { notificationsFor } from './notifications-for';

/** Into the queue of every channel that wants them; in the caller's transaction, so that nothing is told that has not happened. */
export async function enqueueNotices(
  { queue }: Pick<Repositories, 'queue'>,
  notices: readonly Notice[],
): Promise<void> {
  if (notices.length === 0) return;
  await queue.enqueue(notificationsFor(notices, await queue.listening()));
}
