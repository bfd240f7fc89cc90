import { createHash } from 'node:crypto';
import type { LockSessions } from '@viw/database';
import { AppError, sleep } from '@viw/runtime';

export interface DirectoryLockOptions {
  readonly locks: Pick<LockSessions, 'run'>;
}

export interface CertificateDirectory {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

const LOOK_MS = 500;

/** 48 bits of a digest, far above the keys of `advisoryLocks`. Two directories with one key wait for each other, no more. */
export function lockKeyOf({ host, port, path }: CertificateDirectory): number {
  const digest = createHash('sha256').update(JSON.stringify(['certificate directory', host, port, path]));
  return 2 ** 48 + digest.digest().readUIntBE(0, 6);
}

/**
 * Runs `work` while nobody else deploys to the directory: a virtual host may have been given to another certificate,
 * or a server registered twice, and the operation's lease tells of neither. Waits until the directory is free.
 *
 * @param work gets a signal that is aborted with the outer one, or when the lock is lost
 */
export async function withDirectoryLock<T>(
  { locks }: DirectoryLockOptions,
  directory: CertificateDirectory,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const key = lockKeyOf(directory);
  for (;;) {
    outer.throwIfAborted();
    const done = await locks.run(key, (broken) => {
      const lost = new AbortController();
      broken.addEventListener('abort', () =>
        lost.abort(new AppError('UNAVAILABLE', 'the lock on the certificate directory is lost')),
      );
      return work(AbortSignal.any([outer, lost.signal]));
    });
    if (done) return done.result;
    await sleep(LOOK_MS, outer);
  }
}
