import type { z } from 'zod';
import { apiErrorFrom, UnexpectedAnswerError, UnreachableError } from './api-error';
import { CookieMemory } from './cookie-memory';

export type ClientAuth =
  /** People: the browser (or, in Node, this client) keeps the session cookie; writes carry the CSRF token. */
  | { readonly kind: 'session' }
  /** Machines: `Authorization: Bearer <key>`. */
  | { readonly kind: 'apiKey'; readonly key: string };

export interface ClientOptions {
  /** Origin of the backend, such as `https://viw.example.org`; empty in a browser: the page's own origin. */
  readonly baseUrl: string;
  readonly auth: ClientAuth;
  /** In place of the platform's own, for who has trust anchors or a way of its own. */
  readonly fetch?: typeof fetch | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
export interface WriteOptions extends CallOptions {
  /** The same key again returns the first answer. */
  readonly idempotencyKey?: string | undefined;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallSpec {
  readonly method: Method;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly options?: WriteOptions | undefined;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One way in and out: authentication, query strings, errors and validated answers. Safe for concurrent use. */
export class Transport {
  readonly #options: ClientOptions;
  readonly #cookies = new CookieMemory();
  #csrfToken: string | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** The token that `me` and sign-in hand out; sent with every write from now on. */
  rememberCsrfToken(token: string | undefined): void {
    this.#csrfToken = token;
  }

  /** @throws ApiError, UnreachableError, UnexpectedAnswerError; AbortError when the signal fires. */
  async call<S extends z.ZodType>(schema: S, spec: CallSpec): Promise<z.output<S>> {
    const response = await this.open(spec);
    const body: unknown = await response.json().catch((cause: unknown) => {
      throw new UnexpectedAnswerError(`${spec.method} ${spec.path}: the answer is not JSON`, { cause });
    });
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'unknown shape';
    throw new UnexpectedAnswerError(`${spec.method} ${spec.path}: ${where}`);
  }

  /** For answers without a body worth reading. */
  async send(spec: CallSpec): Promise<void> {
    const response = await this.open(spec);
    await response.body?.cancel();
  }

  /** The raw successful answer, its body not yet read. */
  async open(spec: CallSpec): Promise<Response> {
    const signal = spec.options?.signal;
    const send = this.#options.fetch ?? fetch;
    let response: Response;
    try {
      response = await send(this.#url(spec), {
        method: spec.method,
        headers: this.#headers(spec),
        credentials: 'same-origin',
        ...(spec.body === undefined ? {} : { body: JSON.stringify(spec.body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new UnreachableError(`${spec.method} ${spec.path}: no answer from the backend`, {
        cause,
        method: spec.method,
      });
    }
    this.#cookies.remember(response.headers);
    if (!response.ok) throw await apiErrorFrom(response);
    return response;
  }

  #url(spec: CallSpec): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(spec.query ?? {})) {
      if (value !== undefined && value !== '') query.set(name, String(value));
    }
    const suffix = query.size > 0 ? `?${query.toString()}` : '';
    return `${this.#options.baseUrl.replace(/\/+$/, '')}${spec.path}${suffix}`;
  }

  #headers(spec: CallSpec): Record<string, string> {
    const headers: Record<string, string> = { accept: spec.accept ?? 'application/json', ...spec.headers };
    if (spec.body !== undefined) headers['content-type'] = 'application/json';
    if (spec.options?.idempotencyKey) headers['idempotency-key'] = spec.options.idempotencyKey;
    const { auth } = this.#options;
    if (auth.kind === 'apiKey') {
      headers['authorization'] = `Bearer ${auth.key}`;
      return headers;
    }
    if (spec.method !== 'GET' && this.#csrfToken) headers['x-csrf-token'] = this.#csrfToken;
    const cookie = this.#cookies.header();
    if (cookie) headers['cookie'] = cookie;
    return headers;
  }
}
