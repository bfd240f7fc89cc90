import { eventually } from '@viw/testing';
import type { Redis } from 'ioredis';

const value = (flat: readonly unknown[], name: string): unknown => flat[flat.indexOf(name) + 1];

/** Waits until a consumer group has acknowledged everything that is in its stream. @throws Error after `timeoutMs` */
export const readUp = (
  {
    stream,
    group,
    timeoutMs,
  }: { readonly stream: string; readonly group: string; readonly timeoutMs: number },
  { redis }: { readonly redis: Redis },
): Promise<void> =>
  eventually(
    async () => {
      const [state, all] = (await Promise.all([
        redis.xinfo('STREAM', stream),
        redis.xinfo('GROUPS', stream),
      ])) as [unknown[], unknown[][]];
      const own = all.find((each) => value(each, 'name') === group);
      if (!own) throw new Error(`${stream} has no group ${group}`);
      const pending = Number(value(own, 'pending'));
      const [delivered, newest] = [value(own, 'last-delivered-id'), value(state, 'last-generated-id')];
      if (pending > 0 || delivered !== newest)
        throw new Error(
          `${stream}: ${pending} pending, read up to ${String(delivered)} of ${String(newest)}`,
        );
    },
    { timeoutMs, everyMs: 50, what: `${group} to have read up` },
  );
