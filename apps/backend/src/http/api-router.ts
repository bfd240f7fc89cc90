import type { ServerResponse } from 'node:http';
import type { Logger } from '@viw/runtime';
import { AppError } from '@viw/runtime';
import type { Request, Response } from 'express';
import { Router } from 'express';
import type { AuditTrail } from '../services/audit-trail';
import type { Authenticator } from '../auth/authenticator';
import type { Caller } from '../auth/caller';
import { authorise } from '../policy/access';
import type { RateGuard } from '../rate-limits/rate-guard';
import type { ScopeGuard } from '../policy/scope-guard';
import { parseParams, parseRequest } from './parse-request';
import type { AnyInput, FileRoute, PlainRoute, RequestFacts, Route } from './route';

export interface ApiRouterDeps {
  readonly authenticator: Authenticator;
  readonly guard: ScopeGuard;
  readonly rates: Pick<RateGuard, 'admitCaller'>;
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
 * Routes from the table. Each request goes: who is it → too often → may it → CSRF → is what the address names in its scope → schemas →
 * is what the body names in its scope → handler → response schema. A body is read only from callers that may call the route.
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
  const caller = await admit(route, locals, response, deps);
  const params = parseParams(route, request.params);
  const parsed = await recordingRefusals(locals, deps, async () => {
    await deps.guard.admitAddress(route, caller, params);
    const rest = await parseRequest(route, request);
    await deps.guard.admitInput(route, caller, { params, body: rest.body });
    return rest;
  });
  const input: AnyInput = { caller, request: facts, params, ...parsed };
  if ('open' in route) {
    if (request.method === 'HEAD')
      throw new AppError('METHOD_NOT_ALLOWED', undefined, { meta: { allow: ['GET'] } });
    return route.open(input, response);
  }
  if ('file' in route) return sendFile(route, input, response);
  await answer(route, input, response);
}

async function admit(
  route: Route,
  locals: Locals,
  response: ServerResponse,
  deps: ApiRouterDeps,
): Promise<Caller | undefined> {
  const { facts } = locals;
  // A stale cookie must not keep anybody from signing in.
  const caller = route.access === 'public' ? undefined : await identify(route, facts, response, deps);
  if (caller) locals.caller = caller;
  await deps.rates.admitCaller(route, caller, facts, response);
  if (route.access === 'public') return undefined;
  await recordingRefusals(locals, deps, () => {
    authorise(route.access, caller);
    if (caller && route.method !== 'GET') deps.authenticator.checkCsrf(caller, facts.headers);
  });
  return caller;
}

/** A credential that is not valid counts as nobody's. */
async function identify(
  route: Route,
  facts: RequestFacts,
  response: ServerResponse,
  { authenticator, rates }: ApiRouterDeps,
): Promise<Caller | undefined> {
  try {
    return await authenticator.authenticate(facts);
  } catch (error) {
    await rates.admitCaller(route, undefined, facts, response);
    throw error;
  }
}

/** What a known caller may not do stands in the audit log. */
async function recordingRefusals<T>(
  { caller, facts }: Locals,
  { audit }: ApiRouterDeps,
  check: () => Promise<T> | T,
): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (caller && error instanceof AppError && error.code === 'FORBIDDEN')
      await audit.denied(caller, facts, error.message);
    throw error;
  }
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
  response.writeHead(route.status, {
    ...route.headers,
    'Content-Type': route.contentType,
    'Content-Length': bytes.length,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}
