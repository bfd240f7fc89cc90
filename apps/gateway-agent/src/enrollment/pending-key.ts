import type { KeyObject } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { AppError, writeDurably } from '@viw/runtime';
import type { DurableFileOptions } from '@viw/runtime';
import { keyOfPem, makeKeyPem } from './own-key';

/**
 * A new key on disk (0600) before anybody is told of it, so that after a crash or a lost answer the same one is offered again.
 * The one that an earlier attempt, or another process at this moment, has put there is taken.
 *
 * @throws AppError INTERNAL_ERROR when what is there is damaged; it is gone then
 */
export async function pendingKey(
  path: string,
  { owner }: Pick<DurableFileOptions, 'owner'>,
): Promise<{ readonly pem: string; readonly key: KeyObject }> {
  await writeDurably(path, makeKeyPem(), { onlyNew: true, owner }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const pem = await readFile(path, 'utf8');
  const key = keyOfPem(pem);
  if (key !== undefined) return { pem, key };
  await forgetPendingKey(path);
  throw new AppError('INTERNAL_ERROR', `${path} was damaged; the next attempt makes another key`);
}

export const forgetPendingKey = (path: string): Promise<void> => unlink(path).catch(() => undefined);
