import { loadAgentFields } from '../load-config';
import { askStatus } from '../status/status-socket';
import type { AgentStatus } from '../status/agent-status';
import { parseCommandLine } from './command-line';
import type { CommandIo } from './command-io';

/** `viw-agent status`: exit status 0 when the agent has a session. @throws AppError UNAVAILABLE when none runs */
export async function statusCommand(args: readonly string[], { print }: CommandIo): Promise<number> {
  const line = parseCommandLine(args, { json: { type: 'boolean' } });
  const { value: config } = loadAgentFields({ argv: line.settings });
  const status = await askStatus(config.GATEWAY_AGENT_STATE_DIR);
  if (line.flag('json')) print(JSON.stringify(status, undefined, 2));
  else for (const [name, text] of rowsOf(status)) print(`${name.padEnd(13)} ${text}`);
  return status.session_id === null ? 1 : 0;
}

function rowsOf(status: AgentStatus): [string, string][] {
  const { connection, acknowledged, commands, identity } = status;
  const failure = connection.last_failure;
  const key = identity.key_made_at === null ? '' : `, made ${identity.key_made_at}`;
  return [
    [
      'agent',
      `${status.agent_id}, version ${status.version}, process ${status.pid} since ${status.started_at}`,
    ],
    ['identity', `${identity.way}${key}`],
    ['certificate', identity.certificate_until === null ? 'none' : `until ${identity.certificate_until}`],
    [
      'hub',
      `${connection.connected ? 'connected to' : 'NOT connected to'} ${connection.hub} since ${connection.since}`,
    ],
    ...(connection.connected || failure === undefined
      ? []
      : [
          ['', `${connection.failed_attempts} attempts; ${failure.hub}: ${failure.reason}`] as [
            string,
            string,
          ],
        ]),
    ['session', status.session_id ?? 'none'],
    [
      'acknowledged',
      acknowledged.seq === null ? 'nothing yet' : `telemetry frame ${acknowledged.seq} at ${acknowledged.at}`,
    ],
    [
      'commands',
      `${commands.in_flight} running, ${commands.results_waiting} results waiting for their acknowledgement`,
    ],
    ['helper', status.helper],
    ['clock', `the hub is ${Math.round(status.clock_offset_ms / 1_000)} s ahead`],
    ['memory', `${status.rss_mb} MB`],
  ];
}
