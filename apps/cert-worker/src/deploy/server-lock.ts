import { createHash } from 'node:crypto';
import type { LockSessions } from '@viw/database';
import { sleep } from '@viw/runtime';

export interface ServerLockOptions {
  readonly locks: Pick<LockSessions, 'run'>;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Held for the time of a test, a switch and a reload; so it is asked for often. */
const LOOK_MS = 50;

/**
 * Runs `work` while no other worker changes, tests or loads the configuration of the server. Within one worker the
 * pool's own queue comes first. Waits until the server is free. MUST NOT be asked for while the same server is held.
 */
export async function withServerLock<T>(
  { locks }: ServerLockOptions,
  { host, port }: ServerAddress,
  work: () => Promise<T>,
): Promise<T> {
  const digest = createHash('sha256').update(JSON.stringify(['server configuration', host, port]));
  const key = 2 ** 48 + digest.digest().readUIntBE(0, 6);
  for (;;) {
    // Seen through even when the lock's connection breaks: the middle of a switch is no place to stop.
    const done = await locks.run(key, work);
    if (done) return done.result;
    await sleep(LOOK_MS);
  }
}
