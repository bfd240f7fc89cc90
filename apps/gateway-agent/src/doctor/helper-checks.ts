import { stat } from 'node:fs/promises';
import { HelperClient } from '@viw/commands';
import { failed, ok, reasonOf } from './check';
import type { Check } from './check';

export interface HelperCheckOptions {
  readonly socketPath: string;
  readonly secret: string | undefined;
  readonly agentId: string | undefined;
}

const SOCKET = 'helper socket';
const ANSWER = 'helper answer';

const connectAdvices: Readonly<Record<string, string>> = {
  ENOENT: 'start the helper: systemctl start viworks-host-helper; in a container mount the socket’s folder',
  ECONNREFUSED: 'the helper has ended and left its socket: systemctl restart viworks-host-helper',
  EACCES: 'the agent’s user must be in the group of the socket (HOST_HELPER_SOCKET_GROUP)',
};

const refusalAdvices: Readonly<Record<string, string>> = {
  INVALID_SIGNATURE: 'GATEWAY_AGENT_HELPER_SECRET and HOST_HELPER_SECRET differ',
  PERMISSION_DENIED: 'GATEWAY_AGENT_ID and HOST_HELPER_AGENT_ID differ',
};

/** The helper of this host: there, with the right secret, for this gateway. */
export async function helperChecks({ socketPath, secret, agentId }: HelperCheckOptions): Promise<Check[]> {
  if (secret === undefined) return [ok(SOCKET, 'no helper is configured: this gateway only reports')];
  try {
    if (!(await stat(socketPath)).isSocket())
      return [
        failed(SOCKET, `${socketPath} is no socket`, 'something else is in its place; look who made it'),
      ];
  } catch (error) {
    const reason = reasonOf(error);
    return [failed(SOCKET, `${socketPath}: ${reason}`, connectAdvices[reason] ?? 'look at the path')];
  }
  if (agentId === undefined) return [ok(SOCKET, socketPath)];
  try {
    const verbs = await new HelperClient({ socketPath, secret, agentId }).describe();
    return [ok(SOCKET, socketPath), ok(ANSWER, `${verbs.length} verbs: ${verbs.join(', ')}`)];
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^host helper:? ?(refuses: )?/, '') : '';
    const connection = connectAdvices[reason];
    if (connection !== undefined) return [failed(SOCKET, `${socketPath}: ${reason}`, connection)];
    return [
      ok(SOCKET, socketPath),
      failed(
        ANSWER,
        reason,
        refusalAdvices[reason] ?? 'look at the helper’s log: journalctl -u viworks-host-helper',
      ),
    ];
  }
}
