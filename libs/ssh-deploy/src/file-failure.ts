import { AppError } from '@viw/runtime';
import { isFileError } from './errors';
import type { SshConnection } from './ssh-connection';

/** SSH_FX_FAILURE (draft-ietf-secsh-filexfer-02 section 7): sshd's word for every error that the protocol has no number for. */
const FAILURE = 4;

/**
 * Asks the server what is behind a failure of which SFTP tells nothing: a full disk, or a directory that cannot be
 * written. @returns the error to be thrown
 */
export async function explainedFileFailure(
  connection: SshConnection,
  directory: string,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof AppError) || !isFileError(error, FAILURE)) return error;
  const reason = await reasonOf(connection, directory).catch(() => undefined);
  if (reason === undefined) return error;
  return new AppError(error.code, `${error.message} (${reason})`, {
    meta: error.meta,
    retryable: error.retryable,
    cause: error,
  });
}

async function reasonOf(connection: SshConnection, directory: string): Promise<string | undefined> {
  const writable = await connection.exec(['test', '-w', directory]);
  if (writable.rc !== 0) return `not writable for ${connection.username}`;
  // POSIX.1-2017, XCU df: the fourth column of the second line is what is available, in KiB.
  const { stdout } = await connection.exec(['df', '-Pk', '--', directory]);
  const available = Number(stdout.split('\n')[1]?.trim().split(/\s+/)[3]);
  return available < 8 ? 'the disk is full' : undefined;
}
