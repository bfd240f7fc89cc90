import { commandFailed, deployRefused, sshFailed } from '../errors';
import type { ExecResult } from '../exec';
import { assertRan } from '../service/service-control';
import type { SshConnection } from '../ssh-connection';

/** Root's installer on a server, as it has to be there. */
export interface Installer {
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Exit statuses of the installer; its head comment has them all. 1 is sudo's own. */
export const SERVICE_FAILED = 10;
export const HOLDS_NOT = 11;
const REFUSED = 65;
const SUDO_REFUSED = 1;
const KEPT_OUTPUT = 2_000;

/**
 * Has the installer do one thing. Nothing is in an argument: sudo allows it without any, and the request goes to its input.
 * @param expected statuses besides 0 that are an answer
 * @throws AppError SSH_FAILED (`meta.reason` `command`) when sudo is missing or forbids it; DEPLOY_REFUSED when the
 * installer refuses
 */
export async function askInstaller(
  connection: SshConnection,
  { path }: Installer,
  request: readonly string[],
  expected: readonly number[] = [],
): Promise<ExecResult> {
  const stdin = `${request.join(' ')}\n`;
  const result = assertRan(await connection.exec(['sudo', '-n', '--', path], { stdin }), 'sudo');
  if (result.rc === 0 || expected.includes(result.rc)) return result;
  const words = result.stderr.trim().slice(0, KEPT_OUTPUT);
  if (result.rc === REFUSED) throw deployRefused(`the server's installer refuses: ${words}`);
  if (result.rc === SUDO_REFUSED)
    throw commandFailed(path, 1, `sudo does not let ${connection.username} run it: ${words}`);
  throw sshFailed(`${path} failed at ${request[0]}: ${words}`, 'file', undefined, { rc: result.rc });
}

/**
 * The installer is there, is the one that belongs to this viw, and may be run.
 * @returns the directory where it expects what is staged
 * @throws AppError as `askInstaller`; DEPLOY_REFUSED when the checksum differs
 */
export async function checkedInstaller(connection: SshConnection, installer: Installer): Promise<string> {
  const { path, sha256 } = installer;
  const sum = await connection.exec(['sha256sum', '--', path]);
  if (sum.rc !== 0) throw commandFailed(path, 127, `it is not on the server: ${sum.stderr.trim()}`);
  const found = /^\\?([0-9a-f]{64}) /.exec(sum.stdout)?.[1] ?? 'none';
  if (found !== sha256)
    throw deployRefused(
      `${path} on the server is not the installer of this viw: its SHA-256 is ${found}, ${sha256} is expected`,
    );
  const { stdout } = await askInstaller(connection, installer, ['check']);
  const staging = /^staging (\/[A-Za-z0-9._/-]+)$/m.exec(stdout)?.[1];
  if (staging === undefined) throw commandFailed(path, 0, 'it names no directory for staging');
  return staging;
}
