import type { CommandFrame, HelloFrame, HubFrame, WelcomeFrame } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { HubClock } from '../connection/hub-clock';
import type { HubLink, HubListener } from '../connection/hub-connection';
import { Heartbeat } from './heartbeat';
import type { Uplink } from './uplink';

export interface AgentSessionDeps {
  readonly uplink: Uplink;
  readonly clock: HubClock;
  readonly hello: { make(): Promise<HelloFrame> };
  readonly telemetry: { flush(): void };
  /** Missing on an agent that has nothing to tell of its host. */
  readonly events?: { flush(): void };
  readonly commands: {
    receive(frame: CommandFrame): Promise<void>;
    cancel(correlationId: string): void;
    acknowledged(resultId: string): void;
    /** A session has begun: everything unacknowledged goes out again. */
    resend(): void;
    /** Called at each heartbeat. */
    resendOverdue(): void;
  };
  /** Missing on a gateway without a helper: it believes nobody anything. */
  readonly policies?: { receive(policies: readonly string[]): void; retry(): void } | undefined;
  readonly logger: Logger;
  readonly onDismissed: (reason: string) => void;
}

type Handlers = {
  readonly [T in HubFrame['type']]: (
    frame: Extract<HubFrame, { type: T }>,
    link: HubLink,
  ) => void | Promise<void>;
};

/** What the agent does with each frame of the hub. */
export class AgentSession implements HubListener {
  readonly #deps: AgentSessionDeps;
  readonly #heartbeat: Heartbeat;
  #confirmedSeq: number | undefined;
  #confirmedAt: Date | undefined;
  #sessionId: string | undefined;

  readonly #handlers: Handlers = {
    HELLO_ACK: async (frame, link) => {
      this.#deps.clock.observe(frame.server_time);
      link.send(await this.#deps.hello.make());
    },
    WELCOME: (frame, link) => this.#welcome(frame, link),
    HEARTBEAT: (frame) => {
      if (frame.ack_seq === undefined || frame.ack_seq === this.#confirmedSeq) return;
      this.#confirmedSeq = frame.ack_seq;
      this.#confirmedAt = new Date();
    },
    HOST_POLICY: (frame) => this.#deps.policies?.receive(frame.policies),
    COMMAND: (frame) => this.#deps.commands.receive(frame),
    CANCEL: (frame) => this.#deps.commands.cancel(frame.correlation_id),
    RESULT_ACK: (frame) => this.#deps.commands.acknowledged(frame.result_id),
    ECHO: (frame, link) => {
      link.send({ type: 'ECHO_REPLY', correlation_id: frame.correlation_id, payload: frame.payload });
    },
    PING: (_frame, link) => {
      link.send({ type: 'PONG' });
    },
    ERROR: (frame) => {
      const { code, msg } = frame.error;
      this.#deps.logger.warn(
        { event: 'hub_error', code, reason: msg, correlation_id: frame.correlation_id },
        'the hub complains about a frame of this agent',
      );
    },
  };

  constructor(deps: AgentSessionDeps) {
    this.#deps = deps;
    this.#heartbeat = new Heartbeat(() => {
      deps.uplink.send({ type: 'HEARTBEAT', ts: new Date(deps.clock.now()).toISOString() });
      deps.commands.resendOverdue();
      deps.policies?.retry();
    });
  }

  /** Newest telemetry of this run that the hub has confirmed. */
  get confirmedSeq(): number | undefined {
    return this.#confirmedSeq;
  }

  /** When that was heard, by the host's clock. */
  get confirmedAt(): Date | undefined {
    return this.#confirmedAt;
  }

  /** From WELCOME until the session's end. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  onFrame(frame: HubFrame, link: HubLink): void {
    const handler = this.#handlers[frame.type] as (frame: HubFrame, link: HubLink) => void | Promise<void>;
    void Promise.resolve(handler(frame, link)).catch((error: unknown) => {
      this.#deps.logger.error(
        { event: 'frame_failed', frame_type: frame.type, error },
        'handling a frame failed',
      );
    });
  }

  onClosed(): void {
    this.#sessionId = undefined;
    this.#heartbeat.stop();
    this.#deps.uplink.close();
  }

  onDismissed(reason: string): void {
    this.#deps.onDismissed(reason);
  }

  #welcome(frame: WelcomeFrame, link: HubLink): void {
    this.#deps.logger.info(
      { event: 'session_started', session_id: frame.session_id },
      'session with the hub started',
    );
    this.#sessionId = frame.session_id;
    this.#deps.uplink.open(link);
    this.#heartbeat.start(frame.heartbeat_s * 1_000);
    this.#deps.commands.resend();
    this.#deps.telemetry.flush();
    this.#deps.events?.flush();
  }
}
