import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import {
  agentWebSocketAliases,
  agentWebSocketPath,
  handshakeStatus,
  limits,
  subprotocol,
} from '@viw/contracts';
import { formatBind, listen, uuidv7 } from '@viw/runtime';
import type { Bind, Component, Logger } from '@viw/runtime';
import type { FrameCodec } from '../frames/codec';
import type { Admission, Admitted } from '../handshake/admission';
import { refuseRequest, refuseUpgrade } from '../handshake/http-refusal';
import { refusal } from '../handshake/verifier';
import type { Refusal } from '../handshake/verifier';
import type { LeaseStore } from '../lease/lease-store';
import type { WorkUnderWay } from '../work-under-way';
import type { Rejections } from '../intake/rejections';
import { ends } from './end-reason';
import type { Sessions } from './sessions';

const paths: ReadonlySet<string> = new Set([agentWebSocketPath, ...agentWebSocketAliases]);
/** Sockets above the cap, so that those in their handshake still get an answer. */
const SPARE_SOCKETS = 256;
/** For the peer to answer a close frame, milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface AgentListenerOptions {
  readonly bind: Bind;
  readonly maxConnections: number;
  /** Over which the sockets are closed when the hub stops, milliseconds. */
  readonly drainMs: number;
}

export interface AgentListenerDeps {
  readonly admission: Pick<Admission, 'decide' | 'close'>;
  readonly sessions: Sessions;
  readonly leases: Pick<LeaseStore, 'release'>;
  readonly codec: FrameCodec;
  readonly rejections: Rejections;
  readonly pending: WorkUnderWay;
  readonly logger: Logger;
}

/** Where agents dial in. Serves nothing but the upgrade of its paths. */
export class AgentListener implements Component {
  readonly name = 'agent-listener';
  readonly #options: AgentListenerOptions;
  readonly #deps: AgentListenerDeps;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  #address: Bind | undefined;
  #stopping = false;

  constructor(options: AgentListenerOptions, deps: AgentListenerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 16 * 1024 });
    this.#server.maxConnections = options.maxConnections + SPARE_SOCKETS;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: limits.frameBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
      // Known to ws since 8.19, not to its type declarations.
      ...({ closeTimeout: CLOSE_TIMEOUT_MS } as object),
    });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#request(request, response),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
    this.#server.on('clientError', (_error, socket) =>
      refuseUpgrade(socket, { status: 400, code: 'BAD_REQUEST', msg: 'not a valid HTTP request' }),
    );
    this.#sockets.on('wsClientError', (error: Error, socket: Duplex, request: IncomingMessage) =>
      this.#refuse(socket, refusal('BAD_REQUEST', error.message), ipOf(request)),
    );
  }

  /** @throws AppError BIND_FAILED */
  async start(): Promise<void> {
    this.#address = await listen(this.#server, this.#options.bind);
    this.#deps.logger.info({ event: 'listening', address: formatBind(this.#address) }, 'agents may connect');
  }

  /** Takes nobody in, closes every socket with 1012, in waves, and waits until what hung on them is settled. */
  async stop(): Promise<void> {
    const { admission, sessions, pending } = this.#deps;
    this.#stopping = true;
    admission.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await sessions.endAll(ends.restarting, this.#options.drainMs);
    const cut = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate();
      this.#server.closeAllConnections();
    }, CLOSE_TIMEOUT_MS);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(cut);
    await pending.idle(CLOSE_TIMEOUT_MS);
  }

  address(): Bind | undefined {
    return this.#address;
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    if (paths.has(pathOf(request)))
      refuseRequest(response, {
        status: 400,
        code: 'BAD_REQUEST',
        msg: 'this path wants a WebSocket upgrade',
      });
    else refuseRequest(response, { status: 404, code: 'NOT_FOUND', msg: 'no such path' });
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const path = pathOf(request);
    const ip = ipOf(request);
    if (!paths.has(path))
      return refuseUpgrade(socket, { status: 404, code: 'NOT_FOUND', msg: 'no such path' });
    try {
      const decision = await this.#deps.admission.decide({ path, ip, headers: request.headers }, uuidv7());
      if (decision.ok) this.#accept(request, socket, head, decision);
      else this.#refuse(socket, decision, ip);
    } catch (error) {
      this.#deps.logger.error({ event: 'upgrade_failed', ip, error }, 'upgrade failed');
      socket.destroy();
    }
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, { agentId, lease }: Admitted): void {
    const { sessions, codec, leases, pending } = this.#deps;
    let opened = false;
    if (this.#stopping)
      refuseUpgrade(socket, { status: 503, code: 'BUSY', msg: 'this hub is stopping', retryAfter: 1 });
    else
      this.#sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        opened = true;
        sessions.open(webSocket, { agentId, ip: ipOf(request), lease, codec });
      });
    // The socket went away meanwhile, or its upgrade request is not a valid one.
    if (!opened) pending.track(leases.release(agentId, lease).catch(() => undefined));
  }

  #refuse(socket: Duplex, refused: Refusal, ip: string): void {
    this.#deps.rejections.note(refused, ip);
    refuseUpgrade(socket, {
      status: handshakeStatus[refused.code],
      code: refused.code,
      msg: refused.msg,
      ...this.#comeBack(refused),
    });
  }

  /** Spread, so that a fleet that was refused at one instant does not come back at one instant. */
  #comeBack({ code }: Refusal): { retryAfter?: number } {
    if (code === 'DUPLICATE_ID') return { retryAfter: 30 };
    if (code !== 'BUSY') return {};
    // Another hub is ready behind the same address, or soon this one again.
    return { retryAfter: this.#stopping ? 1 : 5 + Math.floor(Math.random() * 11) };
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? '';
const ipOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? '';
