import { deployRefused } from './errors';

/** Names of the files of one version; `nginx.conf` refers to them through the `current` link. */
export const FULLCHAIN_FILE = 'fullchain.pem';
export const PRIVATE_KEY_FILE = 'privkey.pem';
/** Key and chain in one file, for services that want it so. */
export const COMBINED_FILE = 'combined.pem';
/** What NGINX is to include. */
export const TLS_FILE = 'tls.conf';
export const HTTP01_FILE = 'http01.conf';
/** Everything that viw puts into a version's directory. */
export const VERSION_FILES = [
  FULLCHAIN_FILE,
  PRIVATE_KEY_FILE,
  COMBINED_FILE,
  TLS_FILE,
  HTTP01_FILE,
] as const;
export type VersionFileName = (typeof VERSION_FILES)[number];

/** The files of one version: content by name. */
export type VersionFiles = Readonly<Partial<Record<VersionFileName, string>>>;

const VERSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ABSOLUTE_PATH = /^(\/[A-Za-z0-9._@+ -]+)+$/;

/**
 * Where a certificate lives on a server:
 * ```
 * <certDir>/versions/<version id>/fullchain.pem, privkey.pem   one directory per version, 0700, files 0600 (or combined.pem)
 * <certDir>/current   -> versions/<version id>                 what the service reads; switched atomically
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
    if (!isPlainPath(certDir)) {
      throw deployRefused(`${JSON.stringify(certDir)} is not an absolute path without dot segments`);
    }
    if (!isVersionId(versionId)) throw deployRefused(`${JSON.stringify(versionId)} cannot name a version`);
    this.versions = `${certDir}/versions`;
    this.current = `${certDir}/current`;
    this.previous = `${certDir}/previous`;
    this.versionDir = `${this.versions}/${versionId}`;
    this.linkTarget = `versions/${versionId}`;
  }

  /** The same contents by path. */
  byPath(files: VersionFiles): Record<string, string> {
    return Object.fromEntries(
      Object.entries(files).map(([name, content]) => [`${this.versionDir}/${name}`, content]),
    );
  }

  /** The version a link target of ours stands for; undefined for links that people made. */
  versionOf(linkTarget: string | undefined): string | undefined {
    const id = linkTarget?.replace(`${this.certDir}/`, '').replace(/^versions\//, '');
    return id !== undefined && id !== linkTarget && isVersionId(id) ? id : undefined;
  }
}

/** Absolute, without dot segments. */
export function isPlainPath(path: string): boolean {
  return ABSOLUTE_PATH.test(path) && !path.split('/').some((part) => part === '.' || part === '..');
}

export function isVersionId(value: string): boolean {
  return VERSION_ID.test(value);
}
