import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { AppError } from '@viw/runtime';

/**
 * Makes the agent's state folder (0700) when it is missing and sees that files can be put into it: before a token is used
 * up, not after.
 *
 * @returns whose the files in it must be: root enrols for the user whose folder it is
 * @throws AppError CONFIG_INVALID
 */
export async function prepareStateDir(
  stateDir: string,
): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    await access(stateDir, constants.W_OK | constants.X_OK);
    const { uid, gid } = await stat(stateDir);
    return process.geteuid?.() === 0 && uid !== 0 ? { uid, gid } : undefined;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new AppError('CONFIG_INVALID', `the state folder ${stateDir} cannot be written (${code})`);
  }
}
