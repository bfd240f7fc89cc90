import { randomUUID } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file so that after a crash, also of the machine, either the old or the new content is there, whole.
 * Mode 0600. With `onlyNew` an existing file stays as it is and the error has code EEXIST.
 */
export async function writeDurably(path: string, text: string, { onlyNew = false } = {}): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
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
