import { createHash } from 'node:crypto';
import type { Authority } from './authority';
import { makeRevocationList } from './revocation-list';
import type { Revocation } from './revocation-list';

const DAY_MS = 86_400_000;
/** How long a list counts. Whoever fetches one a day has six days to notice that no new one comes. */
const LIFE_MS = 7 * DAY_MS;
const RENEWED_AFTER_MS = DAY_MS;
/** For readers whose clock is a little late. */
const BACKDATED_MS = 300_000;

/** What is known of the list that is published. */
export interface PublishedList {
  /** 0: there is none. */
  readonly number: number;
  readonly digest: string | null;
  readonly thisUpdate: Date | null;
}

export interface NextRevocationList {
  readonly after: number;
  readonly number: number;
  readonly der: Buffer;
  /** Of what stands in it. */
  readonly digest: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/**
 * The list to publish after this one; undefined while it says the same and is not a day old.
 * @param now milliseconds
 */
export async function nextRevocationList(
  published: PublishedList,
  revoked: readonly Revocation[],
  authority: Authority,
  now: number,
): Promise<NextRevocationList | undefined> {
  const digest = createHash('sha256').update(JSON.stringify(revoked)).digest('hex');
  const fresh = published.thisUpdate !== null && now < published.thisUpdate.getTime() + RENEWED_AFTER_MS;
  if (fresh && published.digest === digest) return undefined;
  const thisUpdate = new Date(now - BACKDATED_MS);
  const nextUpdate = new Date(now + LIFE_MS);
  // Higher than those which a restored database has forgotten, too.
  const number = Math.max(published.number + 1, Math.floor(now / 1_000));
  const der = await makeRevocationList({ number, thisUpdate, nextUpdate, revoked }, authority);
  return { after: published.number, number, der, digest, thisUpdate, nextUpdate };
}
