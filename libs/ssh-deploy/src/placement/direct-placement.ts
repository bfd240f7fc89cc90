import { randomBytes } from 'node:crypto';
import { explainedFileFailure } from '../file-failure';
import { VERSION_FILES, type Layout, type VersionFiles } from '../layout';
import type { ExecResult } from '../exec';
import type { RemoteFiles } from '../remote-files';
import type { SshConnection } from '../ssh-connection';
import type { Service } from '../service/service';
import type { Placement } from './placement';

export interface DirectPlacementOptions {
  readonly layout: Layout;
  readonly service: Service;
}

/** With the rights of the user who signs in, by SFTP. */
export class DirectPlacement implements Placement {
  constructor(
    private readonly options: DirectPlacementOptions,
    private readonly connection: SshConnection,
  ) {}

  check(): Promise<void> {
    return Promise.resolve();
  }

  clear(): Promise<void> {
    return Promise.resolve();
  }

  async compare(contents: VersionFiles): Promise<'absent' | 'same' | 'other'> {
    const files = await this.#files;
    if ((await files.kind(this.#layout.versionDir)) === undefined) return 'absent';
    return (await files.hold(this.#layout.byPath(contents))) ? 'same' : 'other';
  }

  async prepare(): Promise<void> {
    await this.#explained(async (files) => {
      await files.ensureDirectory(this.#layout.certDir);
      await files.ensureDirectory(this.#layout.versions);
    });
  }

  async put(contents: VersionFiles): Promise<void> {
    await this.#explained(async (files) => {
      await files.mkdir(this.#layout.versionDir, 0o700);
      for (const [path, content] of Object.entries(this.#layout.byPath(contents)))
        await files.writeNewFile(path, content, 0o600);
    });
  }

  async remove(versionId: string): Promise<boolean> {
    const files = await this.#files;
    const directory = `${this.#layout.versions}/${versionId}`;
    if ((await files.kind(directory)) === undefined) return false;
    await files.removeDirectoryOf(directory, VERSION_FILES);
    return true;
  }

  async switchTo(before: string | undefined): Promise<void> {
    const files = await this.#files;
    const { previous, current, linkTarget } = this.#layout;
    if (before !== undefined) await files.switchSymlink(previous, before, this.#scratchName());
    await files.switchSymlink(current, linkTarget, this.#scratchName());
  }

  async switchBack(before: string | undefined): Promise<void> {
    const files = await this.#files;
    const { current, versionId } = this.#layout;
    if (this.#layout.versionOf(await files.readlink(current)) !== versionId) return;
    if (before === undefined) await files.unlink(current);
    else await files.switchSymlink(current, before, this.#scratchName());
  }

  test(): Promise<ExecResult> {
    return this.options.service.test(this.connection);
  }

  reload(): Promise<ExecResult> {
    return this.options.service.reload(this.connection);
  }

  get #layout(): Layout {
    return this.options.layout;
  }

  get #files(): Promise<RemoteFiles> {
    return this.connection.sftp();
  }

  async #explained(work: (files: RemoteFiles) => Promise<void>): Promise<void> {
    try {
      await work(await this.#files);
    } catch (error) {
      throw await explainedFileFailure(this.connection, this.#layout.versions, error);
    }
  }

  /** A hidden name beside the link, unused by anyone else. */
  #scratchName(): string {
    return `${this.#layout.certDir}/.switch-${randomBytes(8).toString('hex')}`;
  }
}
