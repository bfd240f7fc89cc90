import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from 'node:https';
import { rootCertificates } from 'node:tls';
import acme from 'acme-client';
import axios, { getAdapter, type AxiosAdapter, type AxiosError } from 'axios';
import { acmeError, acmeUnavailable } from './acme-errors';
import { NoncePool } from './nonce-pool';
import type { OutboundGuard } from './outbound-guard';
import { parseProblem, parseRetryAfter, type AcmeProblem } from './problem';

/**
 * acme-client sends everything through one axios instance that is global to the process and turns every failure
 * into a bare `Error(detail)` (network failures even into a TypeError). What belongs to one request (trust anchor,
 * time limit, abort signal) and what is learnt from it travels in an AsyncLocalStorage instead, so that issuers
 * for several CAs can work side by side. Outside `AcmeHttp.call` the instance behaves as acme-client made it,
 * except that it no longer retries: its retries repeat a spent nonce and sleep inside.
 */
interface CallScope {
  agent: Agent;
  nonces: NoncePool;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** A proxy of the environment would look names up itself, where no guard sees what they lead to. */
  direct: boolean;
  /** @throws AppError FORBIDDEN */
  assertAskable: (url: string) => void;
  problem?: AcmeProblem;
  networkError?: Error;
  /** Of the last answer. */
  status?: number;
  retryAt?: Date | undefined;
}

const scopes = new AsyncLocalStorage<CallScope>();
let installed = false;

export interface AcmeHttpOptions {
  /** PEM roots trusted for the CA's API besides the ones built into Node. */
  directoryCaPem?: string;
  /** Limit of one HTTP request, in milliseconds. */
  requestTimeoutMs: number;
  /**
   * MUST be given for a directory that the API has named: it and all that it names are asked where the guard allows. Without it,
   * what is configured is asked as it is.
   */
  guard?: OutboundGuard | undefined;
}

/** What the last answer said besides its body. */
export interface AnswerFacts {
  status: number;
  retryAt?: Date;
}

export class AcmeHttp {
  private readonly agent: Agent;
  private readonly nonces = new NoncePool();

  constructor(private readonly options: AcmeHttpOptions) {
    const { directoryCaPem, guard } = options;
    this.agent = new Agent({
      keepAlive: true,
      ...(directoryCaPem !== undefined && { ca: [...rootCertificates, directoryCaPem] }),
      ...(guard && { lookup: guard.lookup }),
    });
  }

  /**
   * Runs one step call of acme-client.
   *
   * `badNonce` is retried with a fresh nonce: acme-client does so at once within a call, and the call itself is
   * repeated `NONCE_ROUNDS` times; the CA has done nothing in either case (RFC 8555 section 6.5).
   * @throws AppError by the CA's problem document; the signal's reason when it was aborted.
   */
  async call<Result>(
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<{ result: Result; facts: AnswerFacts }> {
    install();
    for (let round = 1; ; round++) {
      signal?.throwIfAborted();
      const { agent, nonces, assertAskable } = this;
      const timeoutMs = this.options.requestTimeoutMs;
      const direct = this.options.guard !== undefined;
      const scope: CallScope = { agent, nonces, timeoutMs, signal, direct, assertAskable };
      try {
        const result = await scopes.run(scope, work);
        return {
          result,
          facts: { status: scope.status ?? 0, ...(scope.retryAt && { retryAt: scope.retryAt }) },
        };
      } catch (cause) {
        signal?.throwIfAborted();
        if (scope.problem?.type === 'badNonce' && round < NONCE_ROUNDS) continue;
        if (scope.networkError)
          throw acmeUnavailable(`the CA does not answer: ${scope.networkError.message}`, cause);
        if (scope.problem) throw acmeError(scope.problem, cause);
        throw acmeUnavailable(`the CA's answer cannot be used: ${(cause as Error).message}`, cause);
      }
    }
  }

  /**
   * An unsigned GET, for what acme-client does not know of.
   * @returns the parsed JSON; undefined when it is none
   * @throws AppError by the CA's problem document; the signal's reason when it was aborted
   */
  async get(url: string, signal?: AbortSignal): Promise<AnswerFacts & { body: unknown }> {
    const ask = async () => {
      this.assertAskable(url);
      return axios.get<string>(url, {
        httpsAgent: this.agent,
        ...(this.options.guard && { proxy: false }),
        timeout: this.options.requestTimeoutMs,
        maxRedirects: 0,
        maxContentLength: MAX_ANSWER_BYTES,
        responseType: 'text',
        transformResponse: (text: unknown) => text,
        validateStatus: () => true,
        ...(signal && { signal }),
      });
    };
    const answer = await ask().catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw acmeUnavailable(`the CA does not answer: ${(cause as Error).message}`, cause);
    });
    const { status, data, headers } = answer;
    const body = asJson(data);
    if (status !== 200) throw acmeError(parseProblem(body, status, headers['retry-after']));
    const retryAt = parseRetryAfter(headers['retry-after'], new Date());
    return { status, body, ...(retryAt && { retryAt }) };
  }

  private readonly assertAskable = (url: string): void => {
    this.options.guard?.assertUrl(new URL(url));
  };

  /** Closes idle connections. */
  close(): void {
    this.agent.destroy();
  }
}

/** With the six tries of acme-client within each, thirty: a CA that refuses every second nonce refuses no call of a thousand million. */
const NONCE_ROUNDS = 5;

function install(): void {
  if (installed) return;
  installed = true;
  // Not in acme-client's types.
  (
    acme.axios.defaults as unknown as { acmeSettings: { retryMaxAttempts: number } }
  ).acmeSettings.retryMaxAttempts = 0;
  const send = getAdapter('http');
  acme.axios.interceptors.request.use((config) => {
    const scope = scopes.getStore();
    if (!scope) return config;
    config.httpsAgent = scope.agent;
    if (scope.direct) config.proxy = false;
    config.timeout = scope.timeoutMs;
    config.maxRedirects = 0;
    config.maxContentLength = MAX_ANSWER_BYTES;
    if (scope.signal) config.signal = scope.signal;
    config.adapter = recording(scope, send);
    return config;
  });
}

/** A certificate chain is a few kilobytes; nothing a CA sends is near this. */
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * Notes what came back before acme-client's own interceptor drops it. Its question for a nonce before each signed request
 * (the only HEAD of the protocol) is answered with one that came with an earlier answer, so that the CA is asked half as often.
 */
function recording(scope: CallScope, send: AxiosAdapter): AxiosAdapter {
  return async (config) => {
    const asksForNonce = config.method?.toLowerCase() === 'head';
    const nonce = asksForNonce ? scope.nonces.take() : undefined;
    if (nonce !== undefined)
      return { config, data: '', status: 200, statusText: 'OK', headers: { 'replay-nonce': nonce } };
    try {
      scope.assertAskable(config.url ?? '');
      return await send(config);
    } catch (error) {
      // Every answer comes this way: acme-client makes axios treat all statuses as errors and sorts them later.
      const { response } = error as AxiosError;
      if (!response) scope.networkError = error as Error;
      else {
        scope.status = response.status;
        scope.retryAt = parseRetryAfter(response.headers['retry-after'], new Date());
        if (response.status >= 400) {
          scope.problem = parseProblem(
            asJson(response.data),
            response.status,
            response.headers['retry-after'],
          );
        } else delete scope.problem;
        // acme-client repeats a request with the nonce of its refusal by itself.
        if (scope.problem?.type === 'badNonce') scope.nonces.clear();
        else if (!asksForNonce) scope.nonces.put(response.headers['replay-nonce']);
      }
      throw error;
    }
  };
}

/** Adapters see the body before axios' own parsing. */
function asJson(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return undefined;
  }
}
