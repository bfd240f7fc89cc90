import { constants } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@viw/runtime';

const WRITABLE_BY_OTHERS = constants.S_IWGRP | constants.S_IWOTH;
/** Mode bit of a directory in which everybody may only touch what is his own (inode(7)). */
const STICKY = 0o1000;

const rootAndSelf = (): ReadonlySet<number> => new Set([0, process.getuid?.() ?? 0]);

/**
 * The script's real path, for its start. Holds a script and every directory above it against this: it belongs to root or to the helper's own account, and nobody
 * else may write it. Then only they can put something else in the place of that path between this look and its start.
 *
 * @throws AppError PERMISSION_DENIED naming what is wrong; the system's error when it is not there
 */
export async function assertTrusted(file: string, trusted = rootAndSelf()): Promise<string> {
  const real = await realpath(file);
  let [path, isScript] = [real, true];
  for (;;) {
    const { uid, mode } = await lstat(path);
    if (!trusted.has(uid))
      throw new AppError(
        'PERMISSION_DENIED',
        `${path} belongs to another account than root: it is not trusted`,
      );
    if ((mode & WRITABLE_BY_OTHERS) !== 0 && (isScript || (mode & STICKY) === 0))
      throw new AppError(
        'PERMISSION_DENIED',
        `${path} can be written by others than its owner: it is not trusted`,
      );
    if (path === '/') return real;
    [path, isScript] = [dirname(path), false];
  }
}
