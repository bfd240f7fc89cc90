import type { RequestListener, Server } from 'node:http';
import type { Bind, Component, ListenerTls, Logger } from '@viw/runtime';
import { AppError, formatBind, listen } from '@viw/runtime';
import { refuseUnreadable } from './unreadable-request';

const STOP_GRACE_MS = 4_000;
/** More than proxies keep a connection by default (NGINX: 60 s), lest a request meets its end on the way. */
const KEEP_ALIVE_MS = 75_000;

export interface HttpServerDeps {
  readonly app: RequestListener;
  readonly tls: Pick<ListenerTls, 'createServer'>;
  /** Ends the answers that would otherwise stay open. */
  readonly endStreams: () => void;
  readonly logger: Logger;
}

/** The listener for people and API clients. */
export class HttpServer implements Component {
  readonly name = 'http-server';
  readonly #server: Server;
  #address: Bind | undefined;

  constructor(
    private readonly options: { readonly bind: Bind },
    private readonly deps: HttpServerDeps,
  ) {
    this.#server = deps.tls.createServer(
      {
        requestTimeout: 30_000,
        headersTimeout: 10_000,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: 16 * 1024,
      },
      deps.app,
    );
    refuseUnreadable(this.#server);
  }

  /** @throws AppError BIND_FAILED */
  async start(): Promise<void> {
    this.#address = await listen(this.#server, this.options.bind);
    this.deps.logger.info({ event: 'listening', address: formatBind(this.#address) }, 'the API is up');
  }

  /** Takes nothing new, ends event streams, lets requests under way finish for a moment. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.deps.endStreams();
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), STOP_GRACE_MS);
    await closed;
    clearTimeout(cut);
  }

  /** @throws AppError UNAVAILABLE before `start` */
  address(): Bind {
    if (!this.#address) throw new AppError('UNAVAILABLE', 'the HTTP server has not started');
    return this.#address;
  }
}
