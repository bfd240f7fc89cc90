import { AppError } from '@viw/runtime';
import { explainedFileFailure } from './file-failure';
import type { SshConnection } from './ssh-connection';

/** A file that answers an HTTP-01 validation (RFC 8555 section 8.3). */
export interface ChallengeFile {
  /** Absolute, without `.` and `..`; an administrator has registered it. */
  readonly webRoot: string;
  /** Of the CA; the file's name. */
  readonly token: string;
  readonly keyAuthorization: string;
}

const WEB_ROOT = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/;
const TOKEN = /^[A-Za-z0-9_-]{22,256}$/;
const KEY_AUTHORIZATION = /^[A-Za-z0-9_-]{22,256}\.[A-Za-z0-9_-]{16,128}$/;
/** Below the web root; viw makes these two and nothing else there. */
const FOLDERS = ['.well-known', '.well-known/acme-challenge'] as const;

/**
 * Puts the file under the web root, readable for NGINX, with the rights of the user who signs in: sudo is not used for it.
 * Neither of viw's two directories may be a link, and the file must not be there with another content, so that nobody
 * who may write in the web root leads it elsewhere.
 * @throws AppError DEPLOY_REFUSED for what is no such path or answer, or leads elsewhere; SSH_FAILED, saying what is not writable
 */
export async function placeChallengeFile(connection: SshConnection, file: ChallengeFile): Promise<void> {
  const { token, keyAuthorization } = file;
  if (!KEY_AUTHORIZATION.test(keyAuthorization) || !keyAuthorization.startsWith(`${token}.`))
    throw refused('this is no answer to a challenge');
  const directory = directoryOf(file);
  const files = await connection.sftp();
  if ((await files.kind(file.webRoot)) === undefined) throw refused(`there is no web root ${file.webRoot}`);
  const path = `${directory}/${token}`;
  try {
    for (const folder of FOLDERS) {
      const at = `${file.webRoot}/${folder}`;
      // Another name's validation may have made it in between.
      await files.ensureDirectory(at, 0o755).catch(async (error: unknown) => {
        if ((await files.kind(at)) !== 'directory') throw error;
      });
    }
    // Of an earlier attempt at the same order, whole or not. A link in its place is removed, never followed.
    if ((await files.kind(path)) !== undefined) await files.unlink(path);
    await files.writeNewFile(path, keyAuthorization, 0o644);
  } catch (error) {
    throw await explainedFileFailure(connection, directory, error);
  }
}

/** Its absence is no error, and neither is that of its directory. @throws as `placeChallengeFile` */
export async function removeChallengeFile(
  connection: SshConnection,
  file: Omit<ChallengeFile, 'keyAuthorization'>,
): Promise<void> {
  const directory = directoryOf(file);
  const files = await connection.sftp();
  for (const folder of FOLDERS) {
    const kind = await files.kind(`${file.webRoot}/${folder}`);
    if (kind === undefined) return;
    if (kind !== 'directory') throw refused(`${file.webRoot}/${folder} is a ${kind}, not a directory`);
  }
  const path = `${directory}/${file.token}`;
  if ((await files.kind(path)) !== undefined) await files.unlink(path);
}

function directoryOf({ webRoot, token }: Omit<ChallengeFile, 'keyAuthorization'>): string {
  if (!WEB_ROOT.test(webRoot)) throw refused('the web root is no plain absolute path');
  if (!TOKEN.test(token)) throw refused('the token is none');
  return `${webRoot}/${FOLDERS[1]}`;
}

const refused = (detail: string): AppError => new AppError('DEPLOY_REFUSED', detail);
