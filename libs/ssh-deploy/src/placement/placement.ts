import type { ExecResult } from '../exec';
import type { VersionFiles } from '../layout';

/**
 * How the files of one certificate directory get to a server, how its links are switched, and how its service is told: with
 * the rights of the user who signs in, or through root's installer. The steps of a deployment know only this. Reading
 * links and listing versions needs no rights that the user has not.
 */
export interface Placement {
  /** Is the way there? Touches nothing. @throws AppError SSH_FAILED or DEPLOY_REFUSED that says what is missing */
  check(): Promise<void>;
  /** Removes what a run that died has left of this version outside its place. */
  clear(): Promise<void>;
  /** What lies in the place of this version. */
  compare(contents: VersionFiles): Promise<'absent' | 'same' | 'other'>;
  /** Whatever comes before `put` and leaves no trace in the version's place. */
  prepare(contents: VersionFiles): Promise<void>;
  /** The version's directory, which must not exist, with the files flushed to disk. */
  put(contents: VersionFiles): Promise<void>;
  /** Removes a version that is not in service; false when there was none. */
  remove(versionId: string): Promise<boolean>;
  /** One atomic step to this version; `before` is where `current` points, kept in `previous`. */
  switchTo(before: string | undefined): Promise<void>;
  /** Puts `before` back, unless `current` points elsewhere already. */
  switchBack(before: string | undefined): Promise<void>;
  /** `rc` 0: the configuration is valid. @throws AppError SSH_FAILED when it cannot be asked */
  test(): Promise<ExecResult>;
  /** `rc` 0: the service has been told. @throws AppError SSH_FAILED when it cannot be told */
  reload(): Promise<ExecResult>;
}
