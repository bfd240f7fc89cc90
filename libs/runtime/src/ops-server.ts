import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { formatBind, isLoopback, listen } from './bind';
import type { Bind } from './bind';
import { constantTimeEqual } from './constant-time';
import { AppError } from './errors';
import { readJsonBody } from './json-body';
import type { Component } from './lifecycle';
import type { Logger } from './logging';
import type { Metrics } from './metrics';
import { toProblem } from './problem';
import { ReadinessProbe } from './readiness';
import type { ReadinessCheck } from './readiness';
import { matchRoute } from './routes';
import type { Route, RouteAnswer } from './routes';
import { toAppError } from './to-app-error';

const BODY_LIMIT = 64 * 1024;
const CHECK_TIMEOUT_MS = 2_000;
const HEALTH_PATHS = new Set(['/internal/healthz', '/internal/readyz']);

export interface OpsServerOptions {
  readonly service: string;
  readonly version?: string;
  readonly bind: Bind;
  /** Bearer token; mandatory when `bind` can be reached from other machines. */
  readonly token?: string | undefined;
  /** For each readiness check, in milliseconds. Default 2 s. */
  readonly checkTimeoutMs?: number;
}

export interface OpsServerDeps {
  /** Dependency name → check. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly routes?: readonly Route[];
}

/**
 * The listener for operations, apart from the one that serves agents or people:
 *
 * * `GET /internal/healthz` → 200 `{status: 'ok', uptime_s, service, version}` while the process answers
 * * `GET /internal/readyz` → 200 or 503 `{status, checks: {<name>: {ok, reason?}}}`
 * * `GET /internal/metrics` → Prometheus text
 * * the routes it is given
 *
 * With a token set, everything asks for `Authorization: Bearer`. Only the two health paths also answer without any
 * credential, and then with nothing but `{status}`, so that an orchestrator's probe needs no secret.
 */
export class OpsServer implements Component {
  readonly name = 'ops-server';
  readonly #options: OpsServerOptions;
  readonly #deps: OpsServerDeps;
  readonly #server: Server;
  readonly #routes: readonly Route[];
  readonly #readiness: ReadinessProbe;
  #address: Bind | undefined;

  constructor(options: OpsServerOptions, deps: OpsServerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#readiness = new ReadinessProbe({ timeoutMs: options.checkTimeoutMs ?? CHECK_TIMEOUT_MS }, deps);
    this.#routes = [
      { method: 'GET', pattern: '/internal/healthz', handler: (request) => this.#health(request) },
      { method: 'GET', pattern: '/internal/readyz', handler: (request) => this.#ready(request) },
      ...(deps.routes ?? []),
    ];
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  /** @throws AppError CONFIG_INVALID off loopback without a token; BIND_FAILED */
  async start(): Promise<void> {
    const { bind, token } = this.#options;
    if (!isLoopback(bind.host) && !token) {
      throw new AppError(
        'CONFIG_INVALID',
        `the ops listener on ${formatBind(bind)} needs a token: it is not on loopback`,
      );
    }
    this.#address = await listen(this.#server, bind);
    this.#deps.logger.info(
      { event: 'ops_listening', address: formatBind(this.#address) },
      'ops endpoints are up',
    );
  }

  /** Lets requests under way finish for a moment, then cuts them. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(cut);
  }

  /** @throws AppError UNAVAILABLE before `start` */
  address(): Bind {
    if (!this.#address) throw new AppError('UNAVAILABLE', 'the ops server has not started');
    return this.#address;
  }

  #health(request: IncomingMessage): RouteAnswer {
    if (!this.#mayRead(request)) return { status: 200, body: { status: 'ok' } };
    const { service, version = 'unknown' } = this.#options;
    return { status: 200, body: { status: 'ok', uptime_s: Math.floor(process.uptime()), service, version } };
  }

  async #ready(request: IncomingMessage): Promise<RouteAnswer> {
    const readiness = await this.#readiness.run();
    const status = readiness.status === 'ready' ? 200 : 503;
    return { status, body: this.#mayRead(request) ? readiness : { status: readiness.status } };
  }

  #mayRead(request: IncomingMessage): boolean {
    const { token } = this.#options;
    if (!token) return true;
    const [, given] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    return given !== undefined && constantTimeEqual(given, token);
  }

  #authorise(request: IncomingMessage, path: string): void {
    if (this.#mayRead(request)) return;
    if (HEALTH_PATHS.has(path) && request.headers.authorization === undefined) return;
    throw new AppError('UNAUTHENTICATED', 'a valid bearer token is required');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
      this.#authorise(request, path);
      if (path === '/internal/metrics' && request.method === 'GET') {
        const { metrics } = this.#deps;
        return send(response, 200, metrics.contentType, await metrics.metrics());
      }
      const { route, params } = matchRoute(this.#routes, request.method ?? '', path);
      const body = await readJsonBody(request, BODY_LIMIT);
      const answer = await route.handler(request, params, body);
      if (answer.body === undefined) send(response, answer.status, undefined, '');
      else send(response, answer.status, 'application/json', JSON.stringify(answer.body));
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  #refuse(response: ServerResponse, thrown: unknown): void {
    const error = toAppError(thrown);
    if (error.status >= 500)
      this.#deps.logger.error({ event: 'ops_request_failed', error }, 'ops request failed');
    if (response.headersSent) return void response.destroy();
    if (error.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', 'Bearer');
    if (error.meta.retry_after_s !== undefined)
      response.setHeader('retry-after', Math.ceil(error.meta.retry_after_s));
    if (Array.isArray(error.meta['allow'])) response.setHeader('allow', error.meta['allow'].join(', '));
    // What is left of the request's body is not read: the connection cannot be used again.
    response.setHeader('connection', 'close');
    send(response, error.status, 'application/problem+json', JSON.stringify(toProblem(error)));
  }
}

function send(response: ServerResponse, status: number, type: string | undefined, body: string): void {
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (type !== undefined) response.setHeader('content-type', type);
  response.end(body);
}
