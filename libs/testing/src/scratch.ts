import { access, chmod, constants, mkdir, mkdtemp, realpath, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Scratch {
  /** Absolute. */
  readonly path: string;
  /** Deletes the folder, unless the caller had named it. */
  readonly remove: () => Promise<void>;
}

/** Linux' file system in memory, and how much has to be free there, bytes. */
const MEMORY = { folder: '/dev/shm', free: 2 ** 30 };

/**
 * A new folder below the system's folder for temporary files, or the caller's own folder, which is kept at the end.
 * @param options.inMemory rather in memory, where there is room: it outlives a process that is killed, and its disk is never busy
 */
export async function scratch(
  name: string,
  options: { dir?: string | undefined; mode?: number; inMemory?: boolean } = {},
): Promise<Scratch> {
  const mode = options.mode ?? 0o700;
  if (options.dir !== undefined) {
    const path = resolve(options.dir);
    await mkdir(path, { recursive: true, mode });
    return { path, remove: async () => undefined };
  }
  const parent = options.inMemory && (await hasRoom()) ? MEMORY.folder : await realpath(tmpdir());
  const path = await mkdtemp(join(parent, `viw-${name}-`));
  await chmod(path, mode);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

async function hasRoom(): Promise<boolean> {
  try {
    await access(MEMORY.folder, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY.folder);
    return bavail * bsize >= MEMORY.free;
  } catch {
    return false;
  }
}
