import type { HubFrame } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import { HubClock } from '../../../../apps/gateway-agent/src/connection/hub-clock';
import {
  HubConnection,
  type HubLink,
  type HubListener,
} from '../../../../apps/gateway-agent/src/connection/hub-connection';
import { hmacIdentity } from '../../../../apps/gateway-agent/src/connection/identity';
import { AgentSession } from '../../../../apps/gateway-agent/src/session/agent-session';
import { HelloMaker } from '../../../../apps/gateway-agent/src/session/hello';
import { Uplink } from '../../../../apps/gateway-agent/src/session/uplink';
import { TelemetryReporter } from '../../../../apps/gateway-agent/src/telemetry/telemetry-reporter';
import { agentIdOf } from '../agent-id';
import { HeartbeatWatch } from '../heartbeat-watch';
import { hostMetricsOf } from '../host';
import { monotonicMs } from '../monotonic';
import { sourceAddress } from '../source-address';
import { InstantCommands } from './instant-commands';

export interface SimulatedAgentOptions {
  readonly n: number;
  readonly prefix: string;
  readonly hubUrl: string;
  readonly sharedSecret: string;
  /** The first connection waits a random part of this, milliseconds. */
  readonly firstSpreadMs: number;
  /**
   * Without it nothing is reported. Agents begin at random parts of it, once they have a session: no report is then
   * overtaken by the next one before it could be sent.
   */
  readonly telemetryEveryMs?: number;
}

export interface CommandArrival {
  readonly correlationId: string;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export interface SimulatedAgentDeps {
  readonly logger: Logger;
  readonly onCommand: (arrival: CommandArrival) => void;
}

const facts = { os: 'Debian GNU/Linux 12 (bookworm)', kernel: '6.1.0-18-amd64' };
/** What it answers; nothing is carried out. */
const helper = { describe: async () => ['get_system_health', 'list_users'] };

/** The real agent from its session down to its socket; only the host and the execution of commands are made up. */
export class SimulatedAgent implements HubListener {
  readonly agentId: string;
  readonly heartbeats = new HeartbeatWatch();
  readonly welcomedAt: number[] = [];
  readonly #options: SimulatedAgentOptions;
  readonly #connection: HubConnection;
  readonly #session: AgentSession;
  readonly #telemetry: TelemetryReporter;
  readonly #onCommand: SimulatedAgentDeps['onCommand'];
  #telemetryStart: NodeJS.Timeout | undefined;
  #sessionId: string | undefined;

  constructor(options: SimulatedAgentOptions, { logger, onCommand }: SimulatedAgentDeps) {
    const { n, prefix, hubUrl, sharedSecret, firstSpreadMs, telemetryEveryMs = 0 } = options;
    const agentId = agentIdOf(prefix, n);
    const clock = new HubClock();
    const uplink = new Uplink();
    const hello = new HelloMaker(
      { agentId, version: '1.4.0', maxConcurrency: 4, facts: { ...facts, hostname: agentId } },
      { helper, clock, logger },
    );
    let reports = 0;
    const reader = { read: async () => hostMetricsOf(n, ++reports) };
    this.#telemetry = new TelemetryReporter(
      { agentId, intervalMs: telemetryEveryMs },
      { reader, uplink, clock, logger },
    );
    this.#session = new AgentSession({
      uplink,
      clock,
      hello,
      telemetry: this.#telemetry,
      commands: new InstantCommands({ agentId }, { uplink, clock }),
      logger,
      onDismissed: () => undefined,
    });
    this.#connection = new HubConnection(
      { urls: [hubUrl], reconnect: { firstSpreadMs }, localAddress: sourceAddress(n) },
      { identity: hmacIdentity(agentId, sharedSecret), clock, logger },
    );
    this.#options = options;
    this.#onCommand = onCommand;
    this.agentId = agentId;
  }

  /** Of the session that lasts, from WELCOME on. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  start(): void {
    this.#connection.start(this);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#telemetryStart);
    this.#telemetry.stop();
    await this.#connection.stop();
  }

  onFrame(frame: HubFrame, link: HubLink): void {
    const now = monotonicMs();
    if (frame.type === 'COMMAND') this.#onCommand({ correlationId: frame.correlation_id, at: now });
    if (frame.type === 'HEARTBEAT') this.heartbeats.beat(now);
    if (frame.type === 'WELCOME') {
      if (this.welcomedAt.length === 0) this.#beginToReport();
      this.#sessionId = frame.session_id;
      this.welcomedAt.push(now);
      this.heartbeats.welcomed(now, frame.heartbeat_s * 1_000);
    }
    this.#session.onFrame(frame, link);
  }

  onClosed(): void {
    this.#sessionId = undefined;
    this.heartbeats.closed(monotonicMs());
    this.#session.onClosed();
  }

  onDismissed(reason: string): void {
    this.#session.onDismissed(reason);
  }

  #beginToReport(): void {
    const everyMs = this.#options.telemetryEveryMs;
    if (everyMs !== undefined)
      this.#telemetryStart = setTimeout(() => this.#telemetry.start(), Math.random() * everyMs);
  }
}
