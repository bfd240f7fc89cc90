import type { WebSocket } from 'ws';
import { limits } from '@viw/contracts';
import type { HelloFrame, HubFrame } from '@viw/contracts';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Dialect } from '../frames/dialect';
import { OutboundQueue } from './outbound-queue';
import type { OutboundQueueOptions } from './outbound-queue';
import type { SeenIdentity } from '../handshake/verifier';
import { RecentCount } from './recent-count';
import { RecentNonces } from './recent-nonces';
import { TokenBucket } from './token-bucket';

export interface ConnectionOptions {
  readonly agentId: string;
  /** What opened this connection. */
  readonly identity: SeenIdentity;
  readonly connId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly ip: string;
  /** Milliseconds since the Unix epoch. */
  readonly openedAt: number;
  /** How much may wait to be sent. */
  readonly outbound: OutboundQueueOptions;
}

export interface ConnectionDeps {
  readonly socket: WebSocket;
  readonly dialect: Dialect;
  readonly metrics: BridgeMetrics;
  /** More waits to be sent than the limits allow: the peer does not read. */
  readonly onOverflow: (connection: Connection) => void;
}

/** One agent's socket and what is known of the session on it. Times are milliseconds since the Unix epoch. */
export class Connection {
  readonly agentId: string;
  readonly identity: SeenIdentity;
  readonly connId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly ip: string;
  readonly openedAt: number;
  readonly dialect: Dialect;
  readonly inbound: TokenBucket;
  readonly badFrames = new RecentCount({ windowMs: 60_000, limit: limits.badFramesPerMinute });
  hello: HelloFrame | undefined;
  /** From the first look into the mailbox on commands are sent on this connection, except while its id is contested. */
  takesCommands = false;
  ended = false;
  /** Last frame or pong. */
  lastSeenAt: number;
  lastPingAt: number;
  lastHeartbeatAt: number;
  /** Newest telemetry sequence number received, and the newest that Redis has confirmed. */
  lastSeq = 0;
  ackSeq: number | undefined;
  readonly #outbound: OutboundQueue;
  readonly #deps: ConnectionDeps;
  #nonces: RecentNonces | undefined;

  constructor(options: ConnectionOptions, deps: ConnectionDeps) {
    this.agentId = options.agentId;
    this.identity = options.identity;
    this.connId = options.connId;
    this.sessionId = options.sessionId;
    this.epoch = options.epoch;
    this.ip = options.ip;
    this.openedAt = options.openedAt;
    this.lastSeenAt = this.lastPingAt = this.lastHeartbeatAt = options.openedAt;
    this.inbound = new TokenBucket(
      { perSecond: limits.inboundFramesPerSecond, burst: limits.inboundBurst },
      options.openedAt,
    );
    this.dialect = deps.dialect;
    this.#outbound = new OutboundQueue(options.outbound, deps);
    this.#deps = deps;
  }

  /** Fields of every log line about this connection. */
  get logFields() {
    return { conn_id: this.connId, agent_id: this.agentId, ip: this.ip };
  }

  /** Fields of every stream entry made from a frame of this connection. */
  facts(hub: string) {
    return { hub, session_id: this.sessionId, epoch: this.epoch };
  }

  /** False when a frame of this session has carried it lately. */
  claimNonce(nonce: string): boolean {
    this.#nonces ??= new RecentNonces({ limit: limits.sessionNonces });
    return this.#nonces.claim(nonce);
  }

  /** False when the frame was not sent: the connection has ended or ends now by overflow, or its dialect has no such frame. */
  send(frame: HubFrame): boolean {
    const { socket, metrics, onOverflow } = this.#deps;
    if (this.ended || socket.readyState !== socket.OPEN) return false;
    const text = this.dialect.codec.encode(frame);
    if (text === undefined) return false;
    if (this.#outbound.push(frame.type, text)) return true;
    metrics.dropped.inc({ reason: 'outbound_queue_full', type: frame.type });
    onOverflow(this);
    return false;
  }

  /** What the peer sends from here on waits in the network; frames that are here already still come. */
  pauseReading(): void {
    this.#deps.socket.pause();
  }

  resumeReading(): void {
    this.#deps.socket.resume();
  }

  ping(now: number): void {
    this.lastPingAt = now;
    const { socket } = this.#deps;
    if (!this.ended && socket.readyState === socket.OPEN) socket.ping();
  }

  /** `terminate` cuts a peer that does not read, which a close frame would never reach. */
  close(code: number, reason: string, { terminate = false } = {}): void {
    this.#outbound.clear();
    if (terminate) this.#deps.socket.terminate();
    else this.#deps.socket.close(code, reason);
  }
}
