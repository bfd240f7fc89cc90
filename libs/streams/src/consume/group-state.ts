import type { Redis } from 'ioredis';
import { isGroupGone } from './group-reader';

/** How far a consumer group has come. */
export interface GroupState {
  /** Entries handed out and not acknowledged. */
  readonly pending: number;
  /** Id of the last entry handed out; `0-0`: none yet. */
  readonly delivered: string;
  /** Entries not handed out yet; absent when Redis does not know, as after some deletions. */
  readonly lag?: number;
}

/** Undefined when there is no such stream or group. Rejects without Redis. */
export async function groupState(
  redis: Pick<Redis, 'xinfo'>,
  stream: string,
  group: string,
): Promise<GroupState | undefined> {
  const rows = (await redis.xinfo('GROUPS', stream).catch(withoutStream)) as unknown[][];
  const facts = rows.map(factsOf).find((each) => each.get('name') === group);
  if (facts === undefined) return undefined;
  const lag = facts.get('lag');
  return {
    pending: Number(facts.get('pending')),
    delivered: String(facts.get('last-delivered-id')),
    ...(typeof lag === 'number' && { lag }),
  };
}

/** Redis answers with names and values by turns. */
const factsOf = (row: readonly unknown[]): ReadonlyMap<unknown, unknown> =>
  new Map(row.flatMap((name, at) => (at % 2 === 0 ? [[name, row[at + 1]] as const] : [])));

const withoutStream = (error: unknown): [] => {
  if (isGroupGone(error)) return [];
  throw error;
};
