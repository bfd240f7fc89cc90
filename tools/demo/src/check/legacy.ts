import { once } from 'node:events';
import { ApiError, type Client } from '@viw/client';
import { eventually } from '@viw/testing';
import WebSocket from 'ws';
import type { DemoManifest } from '../manifest';

const agentVersion = '0.3.1';
const now = (): string => new Date().toISOString().replace(/Z$/, '000000+00:00');

/** Those of the deployed agent's members that the check reads. */
interface LegacyCommand {
  readonly corr_id: string;
  readonly args: Record<string, unknown>;
  readonly iat: number;
}

const members = ['corr_id', 'verb', 'args', 'actor', 'policy_id', 'nonce', 'iat', 'exp', 'agent_targets'];

/** A client as it was deployed before viw: connects, shows up, gets a command in its form, and no secret. */
export async function legacyAgentIsServed(api: Client, manifest: DemoManifest): Promise<void> {
  const id = manifest.legacy_agent_id;
  const socket = new WebSocket(manifest.bridge_url);
  try {
    const commands: LegacyCommand[] = [];
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse((data as Buffer).toString()) as { type: string; payload: string };
      if (type === 'COMMAND') commands.push(JSON.parse(payload) as LegacyCommand);
    });
    await once(socket, 'open');
    sayHello(socket, id);
    await eventually(
      async () => {
        const gateway = await api.gateways.get(id);
        if (gateway.state !== 'connected') throw new Error(`${id} is ${gateway.state}`);
        if (gateway.metrics?.uptime_s !== 77) throw new Error(`${id}: its telemetry is not shown`);
      },
      { timeoutMs: 30_000, everyMs: 100, what: id },
    );
    const { correlation_id } = await api.commands.run(id, { command: 'list_users', parameters: {} });
    const command = await eventually(
      () => {
        const [first] = commands;
        if (!first) throw new Error('no command');
        return first;
      },
      { timeoutMs: 30_000, everyMs: 50, what: `the command of ${id}` },
    );
    judge(command, correlation_id);
    await eventually(
      async () => {
        const { status } = await api.commands.get(id, correlation_id);
        if (status !== 'dispatched') throw new Error(`the command is ${status}`);
      },
      { timeoutMs: 30_000, everyMs: 100, what: 'the state of a command without answer' },
    );
    await secretsAreRefused(api, id);
  } finally {
    socket.terminate();
  }
}

function sayHello(socket: WebSocket, agent_id: string): void {
  const send = (type: string, payload: object): void =>
    socket.send(JSON.stringify({ type, payload, timestamp: now(), correlation_id: null }));
  const host = { os: 'Ubuntu 22.04', kernel: '5.15.0' };
  send('hello', {
    ...{ agent_id, site: null, agent_version: agentVersion, ...host, container_engine: 'docker' },
    ...{ supported_verbs: ['list_users', 'create_panel_user'], start_time: now() },
    feature_flags: { exec_enable: true, inbound_http: false },
  });
  send('telemetry', {
    ...{ agent_id, site: null, ts: now(), uptime_s: 77, cpu_pct: 0, mem: {}, loadavg: [0, 0, 0], disk: [] },
    ...{
      services: {},
      containers: { running: 0, total: 0 },
      version: { agent_version: agentVersion, ...host },
    },
  });
}

function judge(command: LegacyCommand, correlationId: string): void {
  const missing = members.filter((name) => !Object.hasOwn(command, name));
  if (missing.length > 0) throw new Error(`the command lacks ${missing.join(', ')}`);
  if (command.corr_id !== correlationId) throw new Error('it is another command');
  if (typeof command.args !== 'object' || Array.isArray(command.args)) throw new Error('args is no object');
  if (!Number.isInteger(command.iat) || Math.abs(Date.now() / 1_000 - command.iat) > 60)
    throw new Error('iat is not of now, in seconds');
}

async function secretsAreRefused(api: Client, id: string): Promise<void> {
  const parameters = { username: 'check_legacy', password: 'never sent in clear' };
  const code = await api.commands.run(id, { command: 'create_panel_user', parameters }).then(
    () => 'accepted',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );
  if (code !== 'CONFLICT') throw new Error(`a password for an agent that opens no seal: ${code}`);
}
