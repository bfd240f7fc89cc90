export type StartErrorCode =
  /** The program is not on this machine; the message names the package that brings it. */
  | 'not-installed'
  /** It ended, or did not answer in time; the message ends with its last log lines. */
  | 'not-ready'
  /** The server's unprivileged user cannot pass one of the parent folders of its data. */
  | 'unreachable-folder'
  /** No free port, or no user to run as. */
  | 'no-resource';

/** Why a server did not start. `code` is stable; the message is for a person. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    readonly code: StartErrorCode,
    message: string,
  ) {
    super(message);
  }
}
