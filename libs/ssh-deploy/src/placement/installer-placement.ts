import { createHash } from 'node:crypto';
import { sshFailed } from '../errors';
import type { ExecResult } from '../exec';
import { explainedFileFailure } from '../file-failure';
import { VERSION_FILES, type Layout, type VersionFiles } from '../layout';
import type { Service } from '../service/service';
import type { SshConnection } from '../ssh-connection';
import { askInstaller, checkedInstaller, HOLDS_NOT, SERVICE_FAILED, type Installer } from './installer';
import type { Placement } from './placement';

export interface InstallerPlacementOptions {
  readonly layout: Layout;
  readonly installer: Installer;
  readonly service: Pick<Service, 'installedAs'>;
}

/**
 * For a user who is not root: what is deployed is staged in the user's home, and root's installer does the rest. What
 * a worker that died has left in the home is removed by the next run of the same version.
 */
export class InstallerPlacement implements Placement {
  #staging: string | undefined;

  constructor(
    private readonly options: InstallerPlacementOptions,
    private readonly connection: SshConnection,
  ) {}

  async check(): Promise<void> {
    this.#staging = await checkedInstaller(this.connection, this.options.installer);
  }

  clear(): Promise<void> {
    return this.#removeStaged();
  }

  async compare(contents: VersionFiles): Promise<'absent' | 'same' | 'other'> {
    const files = await this.connection.sftp();
    if ((await files.kind(this.options.layout.versionDir)) === undefined) return 'absent';
    const { rc } = await this.#ask(['holds', ...this.#place, ...digestsOf(contents)], [HOLDS_NOT]);
    return rc === 0 ? 'same' : 'other';
  }

  async prepare(wanted: VersionFiles): Promise<void> {
    const files = await this.connection.sftp();
    const [staging, staged] = await this.#staged();
    const contents = Object.fromEntries(
      Object.entries(wanted).map(([name, content]) => [`${staged}/${name}`, content]),
    );
    try {
      await files.ensureDirectory(staging);
      await files.mkdir(staged, 0o700);
      for (const [path, content] of Object.entries(contents)) await files.writeNewFile(path, content, 0o600);
      if (!(await files.hold(contents))) throw sshFailed(`${staged} differs from what was sent`, 'digest');
    } catch (error) {
      const explained = await explainedFileFailure(this.connection, staging, error);
      await this.#removeStaged().catch(() => undefined);
      throw explained;
    }
  }

  async put(contents: VersionFiles): Promise<void> {
    try {
      await this.#ask(['install', ...this.#place, ...digestsOf(contents)]);
    } catch (error) {
      await this.#removeStaged().catch(() => undefined);
      throw error;
    }
    await this.#removeStaged(); // A key must not stay there unnoticed.
  }

  async remove(versionId: string): Promise<boolean> {
    const { versions, certDir } = this.options.layout;
    const files = await this.connection.sftp();
    if ((await files.kind(`${versions}/${versionId}`)) === undefined) return false;
    await this.#ask(['remove', certDir, versionId]);
    return true;
  }

  /** The installer itself keeps in `previous` what it finds in `current`. */
  async switchTo(): Promise<void> {
    await this.#ask(['switch', ...this.#place]);
  }

  async switchBack(): Promise<void> {
    await this.#ask(['restore', ...this.#place]);
  }

  test(): Promise<ExecResult> {
    return this.#ask(['test', ...this.#service], [SERVICE_FAILED]);
  }

  reload(): Promise<ExecResult> {
    return this.#ask(['reload', ...this.#service], [SERVICE_FAILED]);
  }

  get #service(): string[] {
    const { installedAs } = this.options.service;
    return installedAs === undefined ? [] : [installedAs];
  }

  get #place(): string[] {
    return [this.options.layout.certDir, this.options.layout.versionId];
  }

  #ask(request: readonly string[], expected: readonly number[] = []): Promise<ExecResult> {
    return askInstaller(this.connection, this.options.installer, request, expected);
  }

  /** The staging directory, and this version's in it: `@` is in neither name, so no two versions share one. */
  async #staged(): Promise<[string, string]> {
    this.#staging ??= await checkedInstaller(this.connection, this.options.installer);
    const { certDir, versionId } = this.options.layout;
    return [this.#staging, `${this.#staging}/${certDir.slice(certDir.lastIndexOf('/') + 1)}@${versionId}`];
  }

  async #removeStaged(): Promise<void> {
    const files = await this.connection.sftp();
    const [, staged] = await this.#staged();
    if ((await files.kind(staged)) !== undefined) await files.removeDirectoryOf(staged, VERSION_FILES);
  }
}

/** In the order in which the installer expects them: its request tells by their number which files they are of. */
const digestsOf = (contents: VersionFiles): string[] =>
  VERSION_FILES.flatMap((name) => contents[name] ?? []).map((content) =>
    createHash('sha256').update(content).digest('hex'),
  );
