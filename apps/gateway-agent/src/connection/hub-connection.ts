import { closeCode } from '@viw/contracts';
import type { AgentFrame, HubFrame } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { CertificateChoice } from './certificate-choice';
import { decodeHubFrame, encodeAgentFrame } from './frame-codec';
import { ConnectionRecord } from './connection-report';
import type { ConnectionReport } from './connection-report';
import { HubRotation } from './hub-rotation';
import type { HubUrls } from './hub-rotation';
import type { HubClock } from './hub-clock';
import { HubSocket } from './hub-socket';
import type { Ending } from './hub-socket';
import type { AgentIdentity } from './identity';
import type { ClientCertificate } from './identity-files';
import { ReconnectPolicy } from './reconnect-policy';
import type { ReconnectOptions } from './reconnect-policy';

export interface HubConnectionOptions {
  /** Full URLs with path, one at least; the path is what is signed. Dialled in an order of chance, the next on failure. */
  readonly urls: readonly string[];
  readonly ca?: string | undefined;
  /** Keys of the hubs' certificates; none: not pinned. */
  readonly pins?: readonly string[];
  /** IP address to dial from, on a host with several; the system's choice by default. */
  readonly localAddress?: string | undefined;
  readonly reconnect?: ReconnectOptions;
  /** Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Default 60 s. */
  readonly deadHubMs?: number;
}

export interface HubConnectionDeps {
  readonly identity: AgentIdentity;
  /** Asked for each attempt. */
  readonly certificate?: (() => ClientCertificate | undefined) | undefined;
  readonly clock: HubClock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** One session's way to the hub. It ends with the session; the next one brings its own. */
export interface HubLink {
  /** False when the frame was not sent: the session is over, the queue is full, or the frame breaks its schema. */
  send(frame: AgentFrame): boolean;
}

export interface HubListener {
  /** Valid frames only. */
  onFrame(frame: HubFrame, link: HubLink): void;
  /** The session is over; another one will be tried. */
  onClosed(): void;
  /** The gateway was decommissioned: nothing more will be tried. */
  onDismissed(reason: string): void;
}

const UNWELCOME: ReadonlySet<number> = new Set([
  closeCode.unauthorised,
  closeCode.replaced,
  closeCode.versionTooOld,
  closeCode.tooFast,
  closeCode.policyViolation,
]);

const CLOSE_TIMEOUT_MS = 1_000;

function reasonOf(ending: Ending): string {
  if (ending.kind === 'failed') return ending.reason;
  if (ending.kind === 'closed') return `closed with ${ending.code} ${ending.reason.slice(0, 200)}`.trim();
  const { status, code, msg } = ending.refusal;
  return code === undefined ? `HTTP ${status}` : `${code}: ${msg ?? ''}`;
}

/** Keeps one WebSocket to the hub alive for as long as it runs. Shares no state with other instances. */
export class HubConnection {
  readonly #options: HubConnectionOptions;
  readonly #deps: HubConnectionDeps;
  readonly #hubs: HubRotation;
  readonly #policy: ReconnectPolicy;
  readonly #record = new ConnectionRecord();
  readonly #certificates: CertificateChoice;
  #listener: HubListener | undefined;
  #socket: HubSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #onStopped: (() => void) | undefined;

  constructor(options: HubConnectionOptions, deps: HubConnectionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#certificates = new CertificateChoice({ read: () => deps.certificate?.() });
    const chance = deps.random === undefined ? {} : { random: deps.random };
    const [first, ...others] = options.urls.map((url) => new URL(url));
    if (first === undefined) throw new AppError('CONFIG_INVALID', 'no hub to dial');
    const urls: HubUrls = [first, ...others];
    this.#hubs = new HubRotation(urls, chance);
    this.#policy = new ReconnectPolicy(options.reconnect, chance);
  }

  start(listener: HubListener): void {
    this.#listener = listener;
    this.#dialIn(this.#policy.firstDelay());
  }

  get isOpen(): boolean {
    return this.#socket?.isOpen ?? false;
  }

  report(): ConnectionReport {
    return this.#record.report(this.#hubs.current.host);
  }

  /** Closes with 1000 and resolves when the socket is gone, after 1 s at the latest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      this.#onStopped = resolve;
      socket.close(1000, 'shutdown', CLOSE_TIMEOUT_MS);
    });
  }

  #dialIn(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#dial(), ms);
  }

  #dial(): void {
    const { identity, clock, logger } = this.#deps;
    const certificate = this.#readCertificate();
    const url = this.#hubs.current;
    const socket = new HubSocket(
      {
        url,
        headers: identity.headers(url.pathname, clock.now()),
        ca: this.#options.ca,
        pins: this.#options.pins ?? [],
        localAddress: this.#options.localAddress,
        certificate,
        handshakeTimeoutMs: this.#options.handshakeTimeoutMs ?? 10_000,
        deadHubMs: this.#options.deadHubMs ?? 60_000,
      },
      {
        onOpen: () => {
          this.#record.opened();
          const facts = { event: 'hub_connected', agent_id: identity.agentId, hub: url.host };
          logger.info(facts, 'connected to the hub');
        },
        onText: (text) => this.#received(text, link),
        onEnd: (ending) => this.#ended(ending),
      },
    );
    const link: HubLink = { send: (frame) => this.#send(socket, frame) };
    this.#socket = socket;
    socket.open();
  }

  /** Being renewed at this moment, it may be unreadable: the hub then says what is missing, and it is tried again. */
  #readCertificate(): ClientCertificate | undefined {
    try {
      return this.#certificates.next();
    } catch (error) {
      this.#deps.logger.warn({ event: 'certificate_unreadable', error }, 'no client certificate is shown');
      return undefined;
    }
  }

  #received(text: string, link: HubLink): void {
    const decoded = decodeHubFrame(text);
    if ('fault' in decoded) {
      this.#deps.logger.warn({ event: 'frame_invalid', reason: decoded.fault }, 'frame of the hub ignored');
      return;
    }
    this.#tell((listener) => listener.onFrame(decoded.frame, link));
  }

  #send(socket: HubSocket, frame: AgentFrame): boolean {
    if (!socket.isOpen) return false;
    const encoded = encodeAgentFrame(frame);
    if ('text' in encoded) return socket.send(encoded.text);
    this.#deps.logger.error(
      { event: 'frame_unsendable', frame_type: frame.type, reason: encoded.fault },
      'frame of ours not sent: it breaks the protocol',
    );
    return false;
  }

  #ended(ending: Ending): void {
    this.#socket = undefined;
    this.#record.ended(this.#hubs.current.host, reasonOf(ending));
    if (ending.kind === 'closed') this.#tell((listener) => listener.onClosed());
    if (this.#stopped) return this.#onStopped?.();
    if (this.#dismissed(ending)) return;
    // Beside a key it is of use, and not needed.
    const leavesOut = this.#deps.identity.way === 'key' && this.#certificates.learn(ending);
    const lost = this.#judge(ending, leavesOut);
    const hub = this.#hubs.current.host;
    const retryAfterMs = this.#hubs.advance(performance.now(), lost.retryAfterMs);
    const delayMs = this.#policy.nextDelay({ ...lost, retryAfterMs });
    this.#log(ending, hub, delayMs);
    this.#dialIn(delayMs);
  }

  #dismissed(ending: Ending): boolean {
    const dismissed =
      ending.kind === 'closed'
        ? ending.code === closeCode.decommissioned
        : ending.kind === 'refused' && ending.refusal.code === 'DECOMMISSIONED';
    if (!dismissed) return false;
    this.#stopped = true;
    this.#tell((listener) => listener.onDismissed('decommissioned'));
    return true;
  }

  #judge(ending: Ending, leavesOut: boolean): Parameters<ReconnectPolicy['nextDelay']>[0] {
    if (ending.kind === 'closed') return { openMs: ending.openMs, unwelcome: UNWELCOME.has(ending.code) };
    if (ending.kind === 'failed') return { openMs: 0 };
    const { code, serverTime, retryAfterMs } = ending.refusal;
    if (code === 'CLOCK_SKEW' && serverTime !== undefined) this.#deps.clock.observe(serverTime);
    const unwelcome = !leavesOut && (code === 'NOT_ALLOWED' || code === 'REVOKED');
    return { openMs: 0, retryAfterMs, unwelcome };
  }

  #log(ending: Ending, hub: string, delayMs: number): void {
    const { logger, clock } = this.#deps;
    const facts = { event: 'hub_disconnected', hub, retry_in_ms: delayMs };
    if (ending.kind === 'refused') {
      const { status, code, msg } = ending.refusal;
      logger.warn(
        { ...facts, event: 'hub_refused', status, code, reason: msg, clock_offset_ms: clock.offsetMs },
        'the hub refused this agent',
      );
    } else if (ending.kind === 'failed')
      logger.warn({ ...facts, reason: ending.reason }, 'the hub cannot be reached');
    else
      logger.warn(
        { ...facts, close_code: ending.code, reason: ending.reason.slice(0, 200) },
        'connection to the hub ended',
      );
  }

  /** What a listener throws must not take the connection with it. */
  #tell(call: (listener: HubListener) => void): void {
    try {
      if (this.#listener !== undefined) call(this.#listener);
    } catch (error) {
      this.#deps.logger.error({ event: 'listener_failed', error }, 'handling a frame failed');
    }
  }
}
