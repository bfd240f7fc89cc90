import { deployRefused } from './errors';

/** Names of the files of one version; `nginx.conf` refers to them through the `current` link. */
export const FULLCHAIN_FILE = 'fullchain.pem';
export const PRIVATE_KEY_FILE = 'privkey.pem';
export const VERSION_FILES = [FULLCHAIN_FILE, PRIVATE_KEY_FILE] as const;

const VERSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ABSOLUTE_PATH = /^(\/[A-Za-z0-9._@+ -]+)+$/;

/**
 * Where a certificate lives on a server:
 * ```
 * <certDir>/versions/<version id>/fullchain.pem, privkey.pem   one directory per version, 0700, files 0600
 * <certDir>/current   -> versions/<version id>                 what NGINX reads; switched atomically
 * <certDir>/previous  -> what `current` pointed at before the last switch
 * ```
 */
export class Layout {
  readonly versions: string;
  readonly current: string;
  readonly previous: string;
  readonly versionDir: string;
  /** What `current` holds when this version is current; relative, so that the tree can be moved as a whole. */
  readonly linkTarget: string;

  /** @throws AppError DEPLOY_REFUSED for a directory or version id that is not plainly a path or a name. */
  constructor(
    readonly certDir: string,
    readonly versionId: string,
  ) {
    if (!ABSOLUTE_PATH.test(certDir) || certDir.split('/').some((part) => part === '.' || part === '..')) {
      throw deployRefused(`${JSON.stringify(certDir)} is not an absolute path without dot segments`);
    }
    if (!isVersionId(versionId)) throw deployRefused(`${JSON.stringify(versionId)} cannot name a version`);
    this.versions = `${certDir}/versions`;
    this.current = `${certDir}/current`;
    this.previous = `${certDir}/previous`;
    this.versionDir = `${this.versions}/${versionId}`;
    this.linkTarget = `versions/${versionId}`;
  }

  file(name: (typeof VERSION_FILES)[number]): string {
    return `${this.versionDir}/${name}`;
  }

  /** The version a link target of ours stands for; undefined for links that people made. */
  versionOf(linkTarget: string | undefined): string | undefined {
    const id = linkTarget?.replace(`${this.certDir}/`, '').replace(/^versions\//, '');
    return id !== undefined && id !== linkTarget && isVersionId(id) ? id : undefined;
  }
}

export function isVersionId(value: string): boolean {
  return VERSION_ID.test(value);
}
