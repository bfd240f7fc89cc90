import type { ExecResult } from '../exec';
import { isPlainPath } from '../layout';
import { deployRefused } from '../errors';
import { servedCertificate } from '../served-certificate';
import type { SshConnection } from '../ssh-connection';
import type { Service } from './service';
import { runnable } from './service-control';

export interface HaproxyOptions {
  /** What `-f` names: a file, or a directory of files. */
  readonly configFile: string;
  /** Of the master's command line (`haproxy -W -S`), which tells it to reload. Without it: its systemd service. */
  readonly masterSocket?: string;
}

/** HAProxy has been told and works, which takes no longer. */
const ANSWER_MS = 10_000;

/**
 * `bind :443 ssl crt <certDir>/current/`, or with the file's name: HAProxy reads key and chain from one file.
 * @throws AppError DEPLOY_REFUSED for what is not plainly a path
 */
export function haproxy({ configFile, masterSocket }: HaproxyOptions): Service {
  for (const path of [configFile, ...(masterSocket === undefined ? [] : [masterSocket])])
    if (!isPlainPath(path)) throw deployRefused(`${JSON.stringify(path)} is not a plain absolute path`);
  return {
    kind: 'haproxy',
    label: 'HAProxy',
    form: 'combined',
    installedAs: 'haproxy',
    test: (connection) => runnable(connection, ['haproxy', '-c', '-f', configFile]),
    reload: (connection) =>
      masterSocket === undefined
        ? runnable(connection, ['systemctl', 'reload', 'haproxy'])
        : reloadByMaster(connection, masterSocket),
    warningsOf: ({ stderr }) => stderr.split('\n').filter((line) => line.startsWith('[WARNING]')),
    served: servedCertificate,
  };
}

/**
 * The master's `reload` (HAProxy Management Guide, section 9.4): since 2.7 it answers with `Success=`, before that it ends
 * the connection. Neither shows that the new worker serves: the proof does.
 */
async function reloadByMaster(connection: SshConnection, socket: string): Promise<ExecResult> {
  const stdout = await connection.askUnixSocket(socket, 'reload\n', ANSWER_MS);
  return { rc: /^Success=0$/m.test(stdout) ? 1 : 0, stdout, stderr: '', truncated: false };
}
