import { once } from 'node:events';
import WebSocket from 'ws';
import { eventually } from '@viw/testing';

/** A COMMAND's payload with every member that the deployed agent requires. */
export interface LegacyCommand {
  readonly corr_id: string;
  readonly verb: string;
  readonly args: Record<string, unknown>;
  readonly actor: { readonly id: string; readonly role: string };
  readonly policy_id: string;
  readonly nonce: string;
  readonly iat: number;
  readonly exp: number;
  readonly agent_targets: string[];
}

const verbs = [
  'create_panel_user',
  'create_openvpn_user',
  'delete_user',
  'list_users',
  'spawn_container',
  'stop_container',
  'list_containers',
  'terminate_session',
  'get_session_status',
  'get_system_health',
  'get_service_status',
  'get_monitoring_data',
  'generate_bootstrap',
  'revoke_bootstrap',
];

/** A time as the deployed agent writes it. */
export const nanoseconds = (at = new Date()): string => at.toISOString().replace(/Z$/, '456789+00:00');

const insist = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

/** As strict as the deployed agent, whose connection task ends at a wrong type. */
export function readCommand(payload: unknown): LegacyCommand {
  insist(typeof payload === 'string', 'the payload is JSON text');
  const command = JSON.parse(payload as string) as LegacyCommand;
  const { corr_id, verb, args, actor, policy_id, nonce, iat, exp, agent_targets } = command;
  for (const [name, text] of Object.entries({
    corr_id,
    verb,
    policy_id,
    nonce,
    id: actor.id,
    role: actor.role,
  }))
    insist(typeof text === 'string' && text !== '', name);
  insist(typeof args === 'object' && args !== null && !Array.isArray(args), 'args');
  insist(
    Array.isArray(agent_targets) && agent_targets.every((id) => typeof id === 'string'),
    'agent_targets',
  );
  insist(Number.isInteger(iat) && Number.isInteger(exp) && exp > iat, 'iat, exp');
  insist(Math.abs(Date.now() / 1_000 - iat) <= 60, 'iat is not of now');
  return command;
}

/** The deployed agent's side of the wire, written from what is known of it and from nothing of ours. */
export class LegacyAgent {
  readonly commands: LegacyCommand[] = [];
  readonly ignored: string[] = [];
  readonly faults: string[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;

  private constructor(
    readonly id: string,
    socket: WebSocket,
  ) {
    this.#socket = socket;
    socket.on('message', (data) => this.#take((data as Buffer).toString()));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  static async dial(url: string, id: string, localAddress: string, path = '/agent/ws'): Promise<LegacyAgent> {
    const socket = new WebSocket(`${url}${path}`, { localAddress, perMessageDeflate: false });
    const agent = new LegacyAgent(id, socket);
    await once(socket, 'open');
    return agent;
  }

  get isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  raw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  send(type: string, payload: object): void {
    this.raw(JSON.stringify({ type, payload, timestamp: nanoseconds(), correlation_id: null }));
  }

  hello(more: object = {}): void {
    this.send('hello', {
      agent_id: this.id,
      site: null,
      agent_version: '0.3.1',
      os: 'Ubuntu 22.04',
      kernel: '5.15.0-generic',
      container_engine: 'docker',
      supported_verbs: verbs,
      start_time: nanoseconds(),
      feature_flags: { exec_enable: true, inbound_http: false },
      ...more,
    });
  }

  telemetry(more: object = {}): void {
    this.send('telemetry', {
      agent_id: this.id,
      site: null,
      ts: nanoseconds(),
      uptime_s: 0,
      cpu_pct: 0,
      mem: { total_mb: 0, used_mb: 0 },
      loadavg: [0, 0, 0],
      disk: [],
      services: { openvpn: 'active' },
      containers: { running: 0, total: 2 },
      version: { agent_version: '0.3.1', os: 'Ubuntu 22.04', kernel: '5.15.0-generic' },
      ...more,
    });
  }

  ping(): void {
    this.#socket.ping();
  }

  nextCommand(count = 1): Promise<LegacyCommand> {
    return eventually(
      () => {
        if (this.faults.length > 0) throw new Error(`it would have ended: ${this.faults.join('; ')}`);
        const command = this.commands[count - 1];
        if (!command)
          throw new Error(`${this.commands.length} commands, ignored: ${this.ignored.join(', ')}`);
        return command;
      },
      { what: `command ${count} for ${this.id}`, everyMs: 10, timeoutMs: 30_000 },
    );
  }

  async close(): Promise<void> {
    this.#socket.close(1000);
    await this.closed;
  }

  cut(): void {
    this.#socket.terminate();
  }

  /** As while it runs a command: reads nothing, answers no ping. */
  freeze(): void {
    this.#socket.pause();
  }

  #take(text: string): void {
    const { type, payload } = JSON.parse(text) as { type: string; payload: unknown };
    if (type !== 'COMMAND') return void this.ignored.push(type);
    try {
      this.commands.push(readCommand(payload));
    } catch (error) {
      this.faults.push((error as Error).message);
    }
  }
}
