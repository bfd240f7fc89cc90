import type { IncomingMessage } from 'node:http';
import { AppError } from './errors';

export interface RouteAnswer {
  readonly status: number;
  /** Sent as JSON; nothing is sent when undefined. */
  readonly body?: unknown;
}

/** One row of a route table. Handlers translate; an error they throw becomes a problem document. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path; a segment `:name` matches one non-empty segment, e.g. `/internal/agent/agents/:id/telemetry`. */
  readonly pattern: string;
  /** `body` is parsed JSON, not yet validated; undefined when the request had none. */
  readonly handler: (
    request: IncomingMessage,
    params: Readonly<Record<string, string>>,
    body: unknown,
  ) => RouteAnswer | Promise<RouteAnswer>;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AppError('BAD_REQUEST', 'the path is not valid percent-encoding');
  }
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] ?? '';
    if (part.startsWith(':') && segment !== '') params[part.slice(1)] = decode(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}

/**
 * Finds the first row for a request.
 *
 * @param path without the query
 * @throws AppError NOT_FOUND; METHOD_NOT_ALLOWED with `meta.allow` when only the method differs
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): MatchedRoute {
  const allow: string[] = [];
  for (const route of routes) {
    const params = matchPath(route.pattern, path);
    if (params === undefined) continue;
    if (route.method === method) return { route, params };
    allow.push(route.method);
  }
  if (allow.length > 0) throw new AppError('METHOD_NOT_ALLOWED', undefined, { meta: { allow } });
  throw new AppError('NOT_FOUND');
}
