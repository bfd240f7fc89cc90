import { randomUUID } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface DurableFileOptions {
  /** An existing file stays as it is, and the error has code EEXIST. */
  readonly onlyNew?: boolean;
  /** Whose the file is to be, where root writes for another user. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Default 0600. */
  readonly mode?: number;
}

/**
 * Replaces a file so that after a crash, also of the machine, either the old or the new content is there, whole. It never
 * follows a link and never writes into a file that somebody else has put there.
 */
export async function writeDurably(
  path: string,
  text: string,
  { onlyNew = false, owner, mode = 0o600 }: DurableFileOptions = {},
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await (onlyNew ? link(temporary, path) : rename(temporary, path));
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
