import type { WebSocket } from 'ws';
import { limits } from '@viw/contracts';
import type { HubFrame } from '@viw/contracts';
import type { BridgeMetrics } from '../bridge-metrics';

/** Bytes that ws may hold for a socket before further frames wait here, where they can still be dropped. */
const LOW_WATER = 64 * 1024;

interface WaitingFrame {
  readonly type: HubFrame['type'];
  readonly text: string;
  readonly bytes: number;
}

export interface OutboundQueueOptions {
  /** Frames that may wait, those within ws included. */
  readonly maxFrames: number;
}

export interface OutboundQueueDeps {
  readonly socket: Pick<WebSocket, 'send' | 'bufferedAmount' | 'readyState' | 'OPEN'>;
  readonly metrics: Pick<BridgeMetrics, 'framesOut' | 'bytesOut' | 'dropped'>;
}

/**
 * Frames in order to one socket. While the peer reads, they pass straight through; what it does not read in time waits
 * here, at most so many frames and 5 MB. Of HEARTBEATs, which acknowledge telemetry, only the newest waits, and it goes
 * first when room is needed; everything else is sent or refused to the caller, never dropped.
 */
export class OutboundQueue {
  readonly #options: OutboundQueueOptions;
  readonly #deps: OutboundQueueDeps;
  /** Given to ws and not yet to the kernel. */
  #inSocket = 0;
  /** Undefined, as nearly always, when nothing waits: there are many of these queues. */
  #waiting: WaitingFrame[] | undefined;
  #waitingBytes = 0;
  readonly #written = (): void => {
    this.#inSocket -= 1;
    if (this.#waiting) this.#drain();
  };

  constructor(options: OutboundQueueOptions, deps: OutboundQueueDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** False when there is no room: the peer does not read. A HEARTBEAT without room is dropped. */
  push(type: HubFrame['type'], text: string): boolean {
    const frame = { type, text, bytes: Buffer.byteLength(text) };
    if (type === 'HEARTBEAT') this.#dropAcknowledgement();
    if (!this.#hasRoom(frame.bytes)) this.#dropAcknowledgement();
    if (!this.#hasRoom(frame.bytes)) {
      if (type === 'HEARTBEAT') this.#countDropped(type);
      return type === 'HEARTBEAT';
    }
    if (!this.#waiting && !this.#congested()) this.#transmit(frame);
    else {
      (this.#waiting ??= []).push(frame);
      this.#waitingBytes += frame.bytes;
    }
    return true;
  }

  /** The socket ends: nothing more is sent. */
  clear(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  #hasRoom(bytes: number): boolean {
    const frames = this.#inSocket + (this.#waiting?.length ?? 0);
    if (frames >= this.#options.maxFrames) return false;
    return this.#deps.socket.bufferedAmount + this.#waitingBytes + bytes <= limits.outboundQueueBytes;
  }

  /** Only what ws holds brings `#written`, so that an empty socket always takes a frame. */
  #congested(): boolean {
    return this.#inSocket > 0 && this.#deps.socket.bufferedAmount > LOW_WATER;
  }

  #transmit({ type, text, bytes }: WaitingFrame): void {
    const { socket, metrics } = this.#deps;
    this.#inSocket += 1;
    socket.send(text, this.#written);
    metrics.framesOut.inc({ type });
    metrics.bytesOut.inc(bytes);
  }

  #drain(): void {
    const { socket } = this.#deps;
    while (this.#waiting && socket.readyState === socket.OPEN && !this.#congested()) {
      const next = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#waiting = undefined;
      if (!next) return;
      this.#waitingBytes -= next.bytes;
      this.#transmit(next);
    }
  }

  #dropAcknowledgement(): void {
    const at = this.#waiting?.findIndex(({ type }) => type === 'HEARTBEAT') ?? -1;
    const [dropped] = at < 0 ? [] : (this.#waiting?.splice(at, 1) ?? []);
    if (!dropped) return;
    this.#waitingBytes -= dropped.bytes;
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    this.#countDropped(dropped.type);
  }

  #countDropped(type: HubFrame['type']): void {
    this.#deps.metrics.dropped.inc({ reason: 'slow_reader', type });
  }
}
