import { groups, streams } from '@viw/contracts';
import { eventually } from '@viw/testing';
import type { Redis } from 'ioredis';

const value = (flat: readonly unknown[], name: string): unknown => flat[flat.indexOf(name) + 1];

export interface GroupOfStream {
  readonly stream: string;
  readonly group: string;
}

/** Entries handed out and not acknowledged, and whether the group has been given the newest one. */
export async function groupProgress(
  { stream, group }: GroupOfStream,
  redis: Redis,
): Promise<{ pending: number; isAtEnd: boolean }> {
  const [state, all] = (await Promise.all([
    redis.xinfo('STREAM', stream),
    redis.xinfo('GROUPS', stream),
  ])) as [unknown[], unknown[][]];
  const own = all.find((each) => value(each, 'name') === group);
  if (!own) throw new Error(`${stream} has no group ${group}`);
  return {
    pending: Number(value(own, 'pending')),
    isAtEnd: value(own, 'last-delivered-id') === value(state, 'last-generated-id'),
  };
}

/** Waits until a consumer group has acknowledged everything that is in its stream. @throws Error after `timeoutMs` */
const readUp = (of: GroupOfStream, timeoutMs: number, redis: Redis): Promise<void> =>
  eventually(
    async () => {
      const { pending, isAtEnd } = await groupProgress(of, redis);
      if (pending > 0 || !isAtEnd)
        throw new Error(`${of.stream}: ${pending} pending, ${isAtEnd ? 'read' : 'not read'} to the end`);
    },
    { timeoutMs, everyMs: 50, what: `${of.group} to have read up` },
  );

const SESSIONS_LIMIT_MS = 60_000;

/** Waits until the telemetry-writer has stored every hello and every session. @throws Error when that takes too long */
export async function sessionsReadUp({ redis }: { readonly redis: Redis }): Promise<void> {
  for (const stream of [streams.agentHello, streams.agentSessions])
    await readUp({ stream, group: groups.telemetryWriter }, SESSIONS_LIMIT_MS, redis);
}
