import { DEFAULT_TEST_COMMAND } from '../service/nginx';
import { askInstaller, checkedInstaller, SERVICE_FAILED, type Installer } from '../placement/installer';
import type { SshConnection } from '../ssh-connection';
import { virtualHostsOf, type FoundVirtualHost } from './virtual-hosts';

export interface FoundNginx {
  /** Such as `nginx/1.22.1`; undefined when the program cannot be run. */
  version?: string;
  configuration: 'valid' | 'broken' | 'unknown';
  /** What the test said, shortened; why it cannot be run. Begins with a line of ours when virtual hosts are missing below. */
  output: string;
  virtual_hosts: FoundVirtualHost[];
}

/** Beyond this a configuration is read in part, since it is read in one go. Bytes. */
const MAX_DUMP = 1024 * 1024;
const MAX_OUTPUT = 2_000;
const IN_PART = 'viw: the configuration is too large; not all of its virtual hosts are shown.\n';

/**
 * Asks a server for its NGINX, by the server's own test command with another option: whatever way leads to `nginx -t`
 * leads to `nginx -v` and `nginx -T`. Changes nothing. A configuration may hold secrets, so nothing of it is kept but
 * names, addresses and paths.
 */
export async function probeNginx(
  connection: SshConnection,
  testCommand: readonly string[] = DEFAULT_TEST_COMMAND,
): Promise<FoundNginx> {
  const asked = (option: string): string[] => testCommand.map((one) => (one === '-t' ? option : one));
  const version = await connection.exec(asked('-v'));
  const test = await connection.exec(testCommand);
  const output = `${test.stderr}${test.stdout}`.trim().slice(0, MAX_OUTPUT);
  const name = /nginx version: (\S+)/.exec(version.stderr + version.stdout)?.[1];
  const runs = test.rc !== 126 && test.rc !== 127;
  const found = { output, ...(name !== undefined && { version: name }) };
  if (test.rc !== 0) return { ...found, configuration: runs ? 'broken' : 'unknown', virtual_hosts: [] };
  const dump = await connection.exec(asked('-T'), { maxOutputBytes: MAX_DUMP });
  const { hosts, complete } = virtualHostsOf(dump.stdout);
  const whole = complete && !dump.truncated;
  return {
    ...found,
    ...(!whole && { output: `${IN_PART}${output}` }),
    configuration: 'valid',
    virtual_hosts: hosts,
  };
}

/**
 * The same through root's installer. It does not show the configuration, which may hold secrets that the user who signs
 * in must not see: no virtual hosts are found.
 * @throws AppError SSH_FAILED or DEPLOY_REFUSED when sudo or the installer is missing, or is another one
 */
export async function probeNginxByInstaller(
  connection: SshConnection,
  installer: Installer,
): Promise<FoundNginx> {
  await checkedInstaller(connection, installer);
  const version = await askInstaller(connection, installer, ['version']);
  const test = await askInstaller(connection, installer, ['test'], [SERVICE_FAILED]);
  const name = /nginx version: (\S+)/.exec(version.stderr + version.stdout)?.[1];
  return {
    ...(name !== undefined && { version: name }),
    configuration: test.rc === 0 ? 'valid' : 'broken',
    output: `${test.stderr}${test.stdout}`.trim().slice(0, MAX_OUTPUT),
    virtual_hosts: [],
  };
}
