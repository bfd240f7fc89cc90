import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Scratch {
  /** Absolute. */
  readonly path: string;
  /** Deletes the folder, unless the caller had named it. */
  readonly remove: () => Promise<void>;
}

/** A new folder below the system's folder for temporary files, or the caller's own folder, which is kept at the end. */
export async function scratch(
  name: string,
  options: { dir?: string | undefined; mode?: number } = {},
): Promise<Scratch> {
  const mode = options.mode ?? 0o700;
  if (options.dir !== undefined) {
    const path = resolve(options.dir);
    await mkdir(path, { recursive: true, mode });
    return { path, remove: async () => undefined };
  }
  const path = await mkdtemp(join(await realpath(tmpdir()), `viw-${name}-`));
  await chmod(path, mode);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
