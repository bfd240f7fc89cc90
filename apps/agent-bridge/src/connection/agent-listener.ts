import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
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
import type { Bind, Clock, Component, ListenerTls, Logger, TrustedProxies } from '@viw/runtime';
import type { Dialect } from '../frames/dialect';
import type { Admission, Admitted } from '../handshake/admission';
import { refuseRequest, refuseUpgrade } from '../handshake/http-refusal';
import { handshakeRequest, pathOf } from '../handshake/handshake-request';
import { busy, refusal } from '../handshake/verifier';
import type { Refusal } from '../handshake/verifier';
import type { LeaseStore } from '../lease/lease-store';
import type { WorkUnderWay } from '../work-under-way';
import type { RegistryEnforcement } from '../registry/registry-enforcement';
import type { Rejections } from '../intake/rejections';
import type { AddressRates } from './address-rates';
import { ends } from './end-reason';
import type { Sessions } from './sessions';
import type { WaitingSockets } from './waiting-sockets';

const paths: ReadonlySet<string> = new Set([agentWebSocketPath, ...agentWebSocketAliases]);
/** Sockets above the cap, so that those in their handshake still get an answer. */
const SPARE_SOCKETS = 1_024;
/** By then the address has a full allowance again. Not a turn of the hub's: one address must not use those up. */
const ADDRESS_RETRY_AFTER_S = 10;
/** For the peer to answer a close frame, milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface AgentListenerOptions {
  readonly bind: Bind;
  readonly maxConnections: number;
  /** Over which the sockets are closed when the hub stops, milliseconds. */
  readonly drainMs: number;
}

export interface AgentListenerDeps {
  readonly tls: Pick<ListenerTls, 'createServer'>;
  readonly proxies: TrustedProxies;
  readonly admission: Pick<Admission, 'decide' | 'close'>;
  /** Upgrade requests per source address. */
  readonly rates: Pick<AddressRates, 'take'>;
  readonly waiting: Pick<WaitingSockets, 'watch' | 'upgraded'>;
  readonly sessions: Sessions;
  readonly leases: Pick<LeaseStore, 'release'>;
  /** By the headers of the upgrade request. */
  readonly dialectOf: (headers: IncomingHttpHeaders) => Dialect;
  readonly rejections: Rejections;
  readonly enforcement: Pick<RegistryEnforcement, 'check'>;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
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
    this.#server = deps.tls.createServer({
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      // How often Node looks for those two; its default is half a minute.
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
    });
    this.#server.maxConnections = options.maxConnections + SPARE_SOCKETS;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: limits.frameBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
      // Known to ws since 8.19, not to its type declarations.
      ...({ closeTimeout: CLOSE_TIMEOUT_MS } as object),
    });
    // The TCP connection, with TLS as well.
    this.#server.on('connection', (socket) => deps.waiting.watch(socket));
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#request(request, response),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      // Without a finished TLS handshake there is nobody to talk to.
      if (socket instanceof TLSSocket && !error.code?.startsWith('HPE_')) socket.destroy();
      else refuseUpgrade(socket, { status: 400, code: 'BAD_REQUEST', msg: 'not a valid HTTP request' });
    });
    this.#sockets.on('wsClientError', (error: Error, socket: Duplex, request: IncomingMessage) =>
      this.#refuse(socket, refusal('BAD_REQUEST', error.message), handshakeRequest(request, deps.proxies).ip),
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
    if (!paths.has(pathOf(request)))
      return refuseUpgrade(socket, { status: 404, code: 'NOT_FOUND', msg: 'no such path' });
    const asked = handshakeRequest(request, this.#deps.proxies);
    const { ip } = asked;
    if (!this.#deps.rates.take(ip, this.#deps.clock.now()))
      return this.#refuse(socket, busy('too many handshakes from this address', ADDRESS_RETRY_AFTER_S), ip);
    try {
      const decision = await this.#deps.admission.decide(asked, uuidv7());
      if (decision.ok) this.#accept(request, socket, head, ip, decision);
      else this.#refuse(socket, decision, ip);
    } catch (error) {
      this.#deps.logger.error({ event: 'upgrade_failed', ip, error }, 'upgrade failed');
      socket.destroy();
    }
  }

  #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    ip: string,
    { identity, lease }: Admitted,
  ): void {
    const { waiting, sessions, dialectOf, leases, pending, enforcement } = this.#deps;
    let opened = false;
    if (this.#stopping)
      refuseUpgrade(socket, { status: 503, code: 'BUSY', msg: 'this hub is stopping', retryAfter: 1 });
    else
      this.#sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        opened = true;
        waiting.upgraded(request.socket);
        const dialect = dialectOf(request.headers);
        const connection = sessions.open(webSocket, { identity, ip, lease, dialect });
        // The registry may have changed since the decision.
        enforcement.check(connection);
      });
    // The socket went away meanwhile, or its upgrade request is not a valid one.
    if (!opened) pending.track(leases.release(identity.agentId, lease).catch(() => undefined));
  }

  #refuse(socket: Duplex, refused: Refusal, ip: string): void {
    this.#deps.rejections.note(refused, ip);
    refuseUpgrade(socket, {
      status: handshakeStatus[refused.code],
      code: refused.code,
      msg: refused.msg,
      ...(refused.retryAfterS !== undefined && { retryAfter: refused.retryAfterS }),
    });
  }
}
