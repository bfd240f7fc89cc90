import { isFileError } from '../errors';
import { HTTP01_FILE, TLS_FILE } from '../layout';
import type { SshConnection } from '../ssh-connection';
import { ownershipOf } from './owned-file';
import type { SnippetFileName } from './snippet';

/** Longer than anything that viw writes; more of it is not read. */
const MAX_FILE = 64 * 1024;
const NO_SUCH_FILE = 2;

export interface FoundSnippet {
  /** What `current` points at; undefined: nothing. */
  readonly current: string | undefined;
  /** What is included by now, by file. */
  readonly files: Readonly<Partial<Record<SnippetFileName, string>>>;
  /** Files that somebody has changed since viw wrote them, or that viw has not written. */
  readonly changed: readonly SnippetFileName[];
}

/** Reads what lies there, and touches nothing. @throws AppError SSH_FAILED */
export async function findSnippet(connection: SshConnection, directory: string): Promise<FoundSnippet> {
  const remote = await connection.sftp();
  const current = await remote.readlink(`${directory}/current`);
  const files: Partial<Record<SnippetFileName, string>> = {};
  const changed: SnippetFileName[] = [];
  for (const file of [TLS_FILE, HTTP01_FILE] as const) {
    const text = await remote.read(`${directory}/current/${file}`, MAX_FILE).catch((error: unknown) => {
      if (isFileError(error, NO_SUCH_FILE)) return undefined;
      throw error;
    });
    if (text === undefined) continue;
    files[file] = text;
    if (ownershipOf(text) !== 'own') changed.push(file);
  }
  return { current, files, changed };
}
