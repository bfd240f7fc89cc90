import type { WebSocket } from 'ws';
import { limits } from '@viw/contracts';
import type { HelloFrame, HubFrame } from '@viw/contracts';
import type { BridgeMetrics } from '../bridge-metrics';
import type { FrameCodec } from '../frames/codec';
import { RecentCount } from './recent-count';
import { TokenBucket } from './token-bucket';

export interface ConnectionOptions {
  readonly agentId: string;
  readonly connId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly ip: string;
  /** Milliseconds since the Unix epoch. */
  readonly openedAt: number;
  readonly maxQueuedFrames: number;
  /** Without a frame or pong for this long the socket is dropped, milliseconds. */
  readonly silentAfterMs: number;
}

export interface ConnectionDeps {
  readonly socket: WebSocket;
  readonly codec: FrameCodec;
  readonly metrics: BridgeMetrics;
  /** More waits to be sent than the limits allow: the peer does not read. */
  readonly onOverflow: (connection: Connection) => void;
}

/** One agent's socket and what is known of the session on it. Times are milliseconds since the Unix epoch. */
export class Connection {
  readonly agentId: string;
  readonly connId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly ip: string;
  readonly openedAt: number;
  readonly silentAfterMs: number;
  readonly codec: FrameCodec;
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
  readonly #maxQueuedFrames: number;
  readonly #deps: ConnectionDeps;
  #queuedFrames = 0;

  constructor(options: ConnectionOptions, deps: ConnectionDeps) {
    this.agentId = options.agentId;
    this.connId = options.connId;
    this.sessionId = options.sessionId;
    this.epoch = options.epoch;
    this.ip = options.ip;
    this.openedAt = options.openedAt;
    this.silentAfterMs = options.silentAfterMs;
    this.lastSeenAt = this.lastPingAt = this.lastHeartbeatAt = options.openedAt;
    this.inbound = new TokenBucket(
      { perSecond: limits.inboundFramesPerSecond, burst: limits.inboundBurst },
      options.openedAt,
    );
    this.codec = deps.codec;
    this.#maxQueuedFrames = options.maxQueuedFrames;
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

  /** False when the frame was not sent, because the connection has ended or ends now by overflow. */
  send(frame: HubFrame): boolean {
    const { socket, metrics, onOverflow } = this.#deps;
    if (this.ended || socket.readyState !== socket.OPEN) return false;
    if (this.#queuedFrames >= this.#maxQueuedFrames || socket.bufferedAmount > limits.outboundQueueBytes) {
      metrics.dropped.inc({ reason: 'outbound_queue_full' });
      onOverflow(this);
      return false;
    }
    const text = this.codec.encode(frame);
    this.#queuedFrames += 1;
    socket.send(text, () => (this.#queuedFrames -= 1));
    metrics.framesOut.inc({ type: frame.type });
    metrics.bytesOut.inc(Buffer.byteLength(text));
    return true;
  }

  ping(now: number): void {
    this.lastPingAt = now;
    const { socket } = this.#deps;
    if (!this.ended && socket.readyState === socket.OPEN) socket.ping();
  }

  /** `terminate` cuts a peer that does not read, which a close frame would never reach. */
  close(code: number, reason: string, { terminate = false } = {}): void {
    if (terminate) this.#deps.socket.terminate();
    else this.#deps.socket.close(code, reason);
  }
}
