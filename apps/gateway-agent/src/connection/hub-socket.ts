import { limits, subprotocol } from '@viw/contracts';
import { WebSocket } from 'ws';
import type { ClientCertificate } from './identity-files';
import { DeadHubTimer } from './dead-hub-timer';
import { pinned } from './spki-pin';
import { readRefusal } from './refusal';
import type { Refusal } from './refusal';

export interface HubSocketOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM certificates that may sign the hub's; the system's by default. */
  readonly ca?: string | undefined;
  /** The hub's certificate must have one of these keys; none: not pinned. See `spkiPinOf`. */
  readonly pins?: readonly string[];
  /** IP address to dial from; the system's choice by default. */
  readonly localAddress?: string | undefined;
  readonly certificate?: ClientCertificate | undefined;
  /** Milliseconds for connecting and the upgrade, the body of a refusal included. */
  readonly handshakeTimeoutMs: number;
  /** Milliseconds without a frame or ping after which the hub counts as dead. */
  readonly deadHubMs: number;
}

/** How an attempt or a session ended. */
export type Ending =
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string; readonly openMs: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly reason: string };

export interface HubSocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** Exactly once, and last. */
  onEnd(ending: Ending): void;
}

/** RFC 6455 section 7.4.1: no close frame was received. */
const ABNORMAL = 1006;

const reasonOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message.slice(0, 200);

/** One attempt to reach the hub and, when it succeeds, the session. */
export class HubSocket {
  readonly #options: HubSocketOptions;
  readonly #handlers: HubSocketHandlers;
  readonly #deadHub: DeadHubTimer;
  #socket: WebSocket | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #openedAt: number | undefined;
  #failure: string | undefined;
  #ended = false;

  constructor(options: HubSocketOptions, handlers: HubSocketHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#deadHub = new DeadHubTimer(options.deadHubMs, () => this.#abort('the hub is silent'));
  }

  open(): void {
    const { url, headers, ca, pins = [], localAddress, certificate, handshakeTimeoutMs } = this.#options;
    const socket = new WebSocket(url, [subprotocol], {
      headers: { ...headers },
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...certificate,
      ...(pinned(pins) as object),
    });
    this.#socket = socket;
    this.#deadline = setTimeout(() => this.#abort('no answer in time'), handshakeTimeoutMs);
    socket.on('open', () => this.#opened());
    socket.on('message', (data: Buffer, isBinary) => {
      this.#deadHub.touch();
      if (!this.#ended) this.#handlers.onText(isBinary ? '' : data.toString('utf8'));
    });
    socket.on('ping', () => this.#deadHub.touch());
    socket.on('pong', () => this.#deadHub.touch());
    socket.on('unexpected-response', (_request, response) => {
      void readRefusal(response, Date.now()).then((refusal) => {
        this.#end({ kind: 'refused', refusal });
        socket.terminate();
      });
    });
    // 'close' follows every 'error'.
    socket.on('error', (error) => (this.#failure ??= reasonOf(error)));
    socket.on('close', (code, reason) => this.#closed(code, reason.toString('utf8')));
  }

  get isOpen(): boolean {
    return !this.#ended && this.#socket?.readyState === WebSocket.OPEN;
  }

  /** False when it cannot be sent: not open, or too much is waiting to be written already. */
  send(text: string): boolean {
    if (!this.isOpen || this.#socket === undefined) return false;
    if (this.#socket.bufferedAmount + text.length > limits.outboundQueueBytes) return false;
    this.#socket.send(text);
    return true;
  }

  /** Closing handshake; cut off after `timeoutMs`. */
  close(code: number, reason: string, timeoutMs: number): void {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    if (socket.readyState !== WebSocket.OPEN) return socket.terminate();
    socket.close(code, reason);
    const cut = setTimeout(() => socket.terminate(), timeoutMs);
    socket.once('close', () => clearTimeout(cut));
  }

  #opened(): void {
    clearTimeout(this.#deadline);
    this.#openedAt = performance.now();
    this.#deadHub.start();
    this.#handlers.onOpen();
  }

  #abort(reason: string): void {
    this.#failure ??= reason;
    this.#socket?.terminate();
  }

  #closed(code: number, reason: string): void {
    if (this.#openedAt === undefined) return this.#end({ kind: 'failed', reason: this.#failure ?? 'closed' });
    const why = code === ABNORMAL ? (this.#failure ?? 'connection lost') : reason;
    this.#end({ kind: 'closed', code, reason: why, openMs: performance.now() - this.#openedAt });
  }

  #end(ending: Ending): void {
    clearTimeout(this.#deadline);
    this.#deadHub.stop();
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers.onEnd(ending);
  }
}
