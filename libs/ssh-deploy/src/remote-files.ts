import { createHash } from 'node:crypto';
import { AppError } from '@viw/runtime';
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { fileFailed, isFileError, sshFailed } from './errors';
import type { ExecResult } from './exec';

/** SSH_FX_EOF (the same). */
const isEndOfFile = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 1;

/** SSH_FX_NO_SUCH_FILE (draft-ietf-secsh-filexfer-02 section 7). */
const NO_SUCH_FILE = 2;

export type RemoteKind = 'file' | 'directory' | 'symlink' | 'other';
export interface RemoteEntry {
  name: string;
  kind: RemoteKind;
  /** Modification time, seconds since the epoch. */
  mtime: number;
}

/**
 * File operations on a server. Every failure is an AppError SSH_FAILED that names the path and the server's words
 * (`meta.path`, `meta.reason` = `file`). Paths are absolute POSIX paths made by us, never taken from a listing.
 */
export class RemoteFiles {
  constructor(
    private readonly sftp: SFTPWrapper,
    /** Aborted when the connection is lost: after that nothing is answered any more. */
    private readonly lost: AbortSignal,
    private readonly connection: {
      exec(argv: readonly string[]): Promise<ExecResult>;
      close(): Promise<void>;
    },
    private readonly timeoutMs: number,
  ) {}

  /** Creates a file that must not exist, with exactly `mode`, flushed to disk where the server can. */
  async writeNewFile(path: string, data: Buffer | string, mode = 0o600): Promise<void> {
    const content = Buffer.from(data);
    const handle = await this.call<Buffer>(path, (done) => this.sftp.open(path, 'wx', mode, done));
    try {
      // Sent one behind the other without waiting: a server answers in the order in which it was asked.
      await allOf([
        this.call(path, (done) => this.sftp.fchmod(handle, mode, done)),
        ...(content.length > 0
          ? [this.call(path, (done) => this.sftp.write(handle, content, 0, content.length, 0, done))]
          : []),
        this.flush(path, handle),
      ]);
    } finally {
      await this.call(path, (done) => this.sftp.close(handle, done));
    }
  }

  /** Lower-case hex digests computed on the server, so that what is compared is what arrived on its disk. */
  async sha256(...paths: string[]): Promise<string[]> {
    const { rc, stdout, stderr } = await this.connection.exec(['sha256sum', '--', ...paths]);
    // GNU puts a backslash before the digest when it had to escape the file name.
    const digests = Array.from(stdout.matchAll(/^\\?([0-9a-f]{64}) /gm), (match) => match[1] ?? '');
    if (rc !== 0 || digests.length !== paths.length) {
      throw sshFailed(`sha256sum of ${paths.join(', ')} failed: ${stderr.trim()}`, 'file');
    }
    return digests;
  }

  /** True when each file exists and has exactly its content. */
  async hold(contents: Readonly<Record<string, string>>): Promise<boolean> {
    const paths = Object.keys(contents);
    const kinds = await allOf(paths.map((path) => this.kind(path)));
    if (kinds.some((kind) => kind !== 'file')) return false;
    const digests = await this.sha256(...paths);
    return Object.values(contents).every(
      (content, index) => digests[index] === createHash('sha256').update(content).digest('hex'),
    );
  }

  /** The first `maxBytes` of a file, as text. */
  async read(path: string, maxBytes: number): Promise<string> {
    const handle = await this.call<Buffer>(path, (done) => this.sftp.open(path, 'r', done));
    try {
      const content = Buffer.alloc(maxBytes);
      let size = 0;
      while (size < maxBytes) {
        const read = await this.call<number>(path, (done) =>
          this.sftp.read(handle, content, size, maxBytes - size, size, (error, bytes) =>
            // ssh2 tells the end of a file as an error.
            isEndOfFile(error) ? done(undefined, 0) : done(error, bytes),
          ),
        );
        if (read === 0) break;
        size += read;
      }
      return content.subarray(0, size).toString('utf8');
    } finally {
      await this.call(path, (done) => this.sftp.close(handle, done));
    }
  }

  mkdir(path: string, mode = 0o700): Promise<void> {
    return this.call(path, (done) => this.sftp.mkdir(path, { mode }, done));
  }

  /** Creates the directory unless it is there. A file or link in its place is an error. */
  async ensureDirectory(path: string, mode = 0o700): Promise<void> {
    const kind = await this.kind(path);
    if (kind === undefined) await this.mkdir(path, mode);
    else if (kind !== 'directory') throw fileFailed(path, `is a ${kind}, not a directory`);
  }

  /** What is at `path`, without following a link; undefined when nothing is. */
  async kind(path: string): Promise<RemoteKind | undefined> {
    try {
      return kindOf(await this.call<Stats>(path, (done) => this.sftp.lstat(path, done)));
    } catch (error) {
      if (isFileError(error, NO_SUCH_FILE)) return undefined;
      throw error;
    }
  }

  /** Target of a link as it is written; undefined when nothing is at `path`. */
  async readlink(path: string): Promise<string | undefined> {
    if ((await this.kind(path)) === undefined) return undefined;
    return this.call<string>(path, (done) => this.sftp.readlink(path, done));
  }

  /**
   * Points `link` at `target` in one step: whoever opens the link sees the old target or the new one, never
   * nothing. Needs `posix-rename@openssh.com`, since plain SFTP rename refuses an existing name.
   * @param scratch unused name in the same directory
   */
  async switchSymlink(link: string, target: string, scratch: string): Promise<void> {
    await this.call(scratch, (done) => this.sftp.symlink(target, scratch, done));
    try {
      await this.call(link, (done) => this.sftp.ext_openssh_rename(scratch, link, done));
    } catch (error) {
      await this.unlink(scratch).catch(() => undefined);
      throw error;
    }
  }

  unlink(path: string): Promise<void> {
    return this.call(path, (done) => this.sftp.unlink(path, done));
  }

  /** A listing without an end costs the connection: nothing else stops it from being collected. */
  async list(path: string): Promise<RemoteEntry[]> {
    const listing = this.call<FileEntryWithStats[]>(path, (done) => this.sftp.readdir(path, done));
    const entries = await listing.catch(async (error: unknown) => {
      if (error instanceof AppError && error.meta['reason'] === 'timeout') await this.connection.close();
      throw error;
    });
    return entries.map(({ filename, attrs }) => ({
      name: filename,
      kind: kindOf(attrs),
      mtime: attrs.mtime,
    }));
  }

  /**
   * Removes a directory that holds nothing but the named files. Anything else in it makes the removal fail with
   * the directory still there: no recursive deletion is ever sent to a server.
   */
  async removeDirectoryOf(path: string, files: readonly string[]): Promise<void> {
    const present = await this.list(path);
    const foreign = present.find(({ name }) => !files.includes(name));
    if (foreign) throw fileFailed(path, `holds ${foreign.name}, which viw did not put there`);
    for (const { name } of present) await this.unlink(`${path}/${name}`);
    await this.call(path, (done) => this.sftp.rmdir(path, done));
  }

  private async flush(path: string, handle: Buffer): Promise<void> {
    await this.call(path, (done) => {
      try {
        this.sftp.ext_openssh_fsync(handle, done);
      } catch {
        done(undefined); // The server offers no fsync; the remote digest is compared all the same.
      }
    });
  }

  private call<Result = void>(
    path: string,
    operation: (done: (error: Error | null | undefined, result?: Result) => void) => unknown,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(
        () =>
          settle(() => reject(sshFailed(`no answer about ${path} within ${this.timeoutMs} ms`, 'timeout'))),
        this.timeoutMs,
      );
      const lost = (): void =>
        settle(() => reject(sshFailed(`the connection was lost at ${path}`, 'connection')));
      const settle = (then: () => void): void => {
        clearTimeout(limit);
        this.sftp.removeListener('close', lost);
        this.lost.removeEventListener('abort', lost);
        then();
      };
      this.sftp.once('close', lost);
      this.lost.addEventListener('abort', lost, { once: true });
      if (this.lost.aborted) return lost();
      try {
        operation((error, result) =>
          settle(() => (error ? reject(fileFailed(path, error.message, error)) : resolve(result as Result))),
        );
      } catch (error) {
        settle(() => reject(fileFailed(path, (error as Error).message, error as Error)));
      }
    });
  }
}

/** Waits for all of them, so that none is under way when the first failure is thrown. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function kindOf(stats: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): RemoteKind {
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isDirectory()) return 'directory';
  return stats.isFile() ? 'file' : 'other';
}
