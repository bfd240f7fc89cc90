import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Caller } from '../auth/caller';
import type { Access } from '../policy/access';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Facts of a request that services may use; nothing of them is trusted but `address`. */
export interface RequestFacts {
  /** Accepted from `X-Correlation-Id` or made; UUID. */
  readonly correlationId: string;
  /** The peer's address, or what trusted proxies say it was for them. Nobody else is believed. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
  /** SHA-256 in hex of a client certificate that the listener has verified. */
  readonly certificate?: string | undefined;
  /** Method and path as requested, without query. */
  readonly target: string;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type CallerOf<A extends Access> = A extends 'public' ? undefined : Caller;

export interface RouteInput<A extends Access, P, Q, B> {
  readonly caller: CallerOf<A>;
  readonly params: Parsed<P>;
  readonly query: Parsed<Q>;
  readonly body: Parsed<B>;
  readonly request: RequestFacts;
}

export interface Answer<R> {
  readonly body?: R extends z.ZodType ? z.input<R> : undefined;
  readonly headers?: OutgoingHttpHeaders;
}

/** One row of the route table. What has no schema is refused when it is given. */
export interface RouteSpec<A extends Access, P, Q, B, R> {
  readonly method: Method;
  /** `:name` matches one segment. */
  readonly path: string;
  readonly access: A;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Of the successful answer. */
  readonly status: number;
  /** What is not in it never leaves, whatever the handler returns. */
  readonly response?: R;
  readonly handler: (input: RouteInput<A, P, Q, B>) => Promise<Answer<R>> | Answer<R>;
}

/** A route whose answer is an open stream; the handler owns the response from then on. */
export interface StreamSpec<A extends Access, Q> {
  readonly method: 'GET';
  readonly path: string;
  readonly access: A;
  readonly summary: string;
  readonly query?: Q;
  readonly status: 200;
  /** Media types of the answer; default `text/event-stream`. */
  readonly content?: readonly string[];
  readonly open: (
    input: RouteInput<A, undefined, Q, undefined>,
    response: ServerResponse,
  ) => Promise<void> | void;
}

/** A route whose answer is a file, for programs that know nothing of this API. */
export interface FileSpec<A extends Access, P> {
  readonly method: 'GET';
  readonly path: string;
  readonly access: A;
  readonly summary: string;
  readonly params?: P;
  readonly status: 200;
  readonly contentType: string;
  /** Beside those of every answer, which they replace. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly file: (input: RouteInput<A, P, undefined, undefined>) => Promise<Buffer>;
}

/** A route that takes bytes and answers with bytes, of a protocol that is not ours. */
export interface ExchangeSpec {
  readonly method: 'POST';
  readonly path: string;
  readonly access: 'public';
  readonly summary: string;
  readonly takes: TakenBytes;
  readonly status: 200;
  readonly contentType: string;
  readonly exchange: (bytes: Buffer) => Promise<Buffer>;
}

/** Bytes in place of JSON. */
export interface TakenBytes {
  /** Anything else is refused. */
  readonly contentType: string;
  /** Most bytes. */
  readonly limit: number;
}

interface Common {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly status: number;
  readonly response?: z.ZodType;
}
export interface AnyInput {
  readonly caller: Caller | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly request: RequestFacts;
}
export interface PlainRoute extends Common {
  readonly handler: (
    input: AnyInput,
  ) =>
    | Promise<{ body?: unknown; headers?: OutgoingHttpHeaders }>
    | { body?: unknown; headers?: OutgoingHttpHeaders };
}
export interface StreamRoute extends Common {
  readonly content?: readonly string[];
  readonly open: (input: AnyInput, response: ServerResponse) => Promise<void> | void;
}
export interface FileRoute extends Common {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Then `body` is a Buffer. */
  readonly takes?: TakenBytes;
  readonly file: (input: AnyInput) => Promise<Buffer>;
}
/** A row with its types forgotten: the router has checked everything before it calls. */
export type Route = PlainRoute | StreamRoute | FileRoute;

export const defineRoute = <
  A extends Access,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(
  spec: RouteSpec<A, P, Q, B, R>,
): Route => spec as unknown as PlainRoute;

export const defineStream = <A extends Access, Q extends z.ZodObject | undefined = undefined>(
  spec: StreamSpec<A, Q>,
): Route => spec as unknown as StreamRoute;

export const defineFile = <A extends Access, P extends z.ZodObject | undefined = undefined>(
  spec: FileSpec<A, P>,
): Route => spec as unknown as FileRoute;

export const defineExchange = ({ exchange, ...spec }: ExchangeSpec): Route => ({
  ...spec,
  file: ({ body }) => exchange(body as Buffer),
});
