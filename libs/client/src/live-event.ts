import { changeEvent, type ChangeEvent } from '@viw/contracts';
import type { ServerSentEvent } from './event-stream';

/**
 * `ready`: from now on every change is reported. `change`: fetch it again if you show it. `gap`: events were missed,
 * fetch everything again. `id` is what `lastEventId` resumes from.
 */
export type LiveEvent =
  | { readonly type: 'ready'; readonly id: string | undefined }
  | { readonly type: 'gap'; readonly id: string | undefined }
  | { readonly type: 'change'; readonly id: string | undefined; readonly change: ChangeEvent };

/** Unknown event names and malformed data yield undefined: a newer backend may say more than this client knows. */
export const liveEventFrom = ({ event, data, id }: ServerSentEvent): LiveEvent | undefined => {
  if (event === 'ready' || event === 'gap') return { type: event, id };
  if (event !== 'change') return undefined;
  const parsed = changeEvent.safeParse(jsonOf(data));
  return parsed.success ? { type: 'change', id, change: parsed.data } : undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
