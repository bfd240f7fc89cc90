import type { ServerResponse } from 'node:http';
import type { Logger } from '@viw/runtime';
import { AppError } from '@viw/runtime';
import type { Request, Response } from 'express';
import { Router } from 'express';
import type { AuditTrail } from '../services/audit-trail';
import type { Authenticator } from '../auth/authenticator';
import type { Caller } from '../auth/caller';
import { authorise } from '../policy/access';
import { parseRequest } from './parse-request';
import type { AnyInput, FileRoute, PlainRoute, RequestFacts, Route } from './route';

export interface ApiRouterDeps {
  readonly authenticator: Authenticator;
  readonly audit: AuditTrail;
  readonly logger: Logger;
}

/** Facts of each request, left by the first handler of the app. */
export interface Locals {
  facts: RequestFacts;
  /** Pattern of the route, for the access log. */
  route?: string;
  caller?: Caller;
}

/**
 * Routes from the table. Each request goes: who is it → may it → CSRF → schemas → handler → response schema. A body is
 * read only from callers that may call the route.
 */
export function apiRouter(routes: readonly Route[], deps: ApiRouterDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const route of routes) {
    const method = route.method.toLowerCase() as Lowercase<typeof route.method>;
    router[method](route.path, (request: Request, response: Response) =>
      serve(route, request, response, deps),
    );
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allow = routes.filter((route) => route.path === path).map((route) => route.method);
    router.all(path, () => {
      throw new AppError('METHOD_NOT_ALLOWED', undefined, { meta: { allow } });
    });
  }
  return router;
}

async function serve(route: Route, request: Request, response: Response, deps: ApiRouterDeps): Promise<void> {
  const locals = response.locals as Locals;
  const { facts } = locals;
  locals.route = route.path;
  const caller = await admit(route, locals, deps);
  const input: AnyInput = { caller, request: facts, ...(await parseRequest(route, request, request.params)) };
  if ('open' in route) {
    if (request.method === 'HEAD')
      throw new AppError('METHOD_NOT_ALLOWED', undefined, { meta: { allow: ['GET'] } });
    return route.open(input, response);
  }
  if ('file' in route) return sendFile(route, input, response);
  await answer(route, input, response);
}

async function admit(route: Route, locals: Locals, deps: ApiRouterDeps): Promise<Caller | undefined> {
  const { facts } = locals;
  // A stale cookie must not keep anybody from signing in.
  if (route.access === 'public') return undefined;
  const caller = await deps.authenticator.authenticate(facts.headers);
  if (caller) locals.caller = caller;
  try {
    authorise(route.access, caller);
    if (caller && route.method !== 'GET') deps.authenticator.checkCsrf(caller, facts.headers);
  } catch (error) {
    if (caller && error instanceof AppError && error.code === 'FORBIDDEN')
      await deps.audit.denied(caller, facts, error.message);
    throw error;
  }
  return caller;
}

async function answer(route: PlainRoute, input: AnyInput, response: ServerResponse): Promise<void> {
  const { body, headers = {} } = await route.handler(input);
  if (route.response === undefined) {
    response.writeHead(route.status, headers).end();
    return;
  }
  // An answer that breaks its own schema is our fault, not the caller's: never VALIDATION_FAILED.
  const parsed = route.response.safeParse(body);
  if (!parsed.success)
    throw new AppError('INTERNAL_ERROR', undefined, {
      cause: new Error(`${route.path}: ${parsed.error.message}`),
    });
  const text = JSON.stringify(parsed.data);
  response.writeHead(route.status, {
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

async function sendFile(route: FileRoute, input: AnyInput, response: ServerResponse): Promise<void> {
  const bytes = await route.file(input);
  response.writeHead(route.status, { 'Content-Type': route.contentType, 'Content-Length': bytes.length });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}
