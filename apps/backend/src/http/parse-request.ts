import type { IncomingMessage } from 'node:http';
import { AppError, fieldErrors, readBody, readJsonBody } from '@viw/runtime';
import { z } from 'zod';
import type { Route, TakenBytes } from './route';

const BODY_LIMIT = 256 * 1024;
const nothing = z.strictObject({});

type Part = 'path' | 'query' | 'body';

/** NUL and lone surrogates: valid in JSON, but neither Postgres nor UTF-8 can hold them. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Without recursion: how deep a value is nested is up to the caller. */
function hasUnstorableText(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string' && UNSTORABLE.test(next)) return true;
    if (typeof next === 'object' && next !== null)
      for (const member of Object.entries(next)) left.push(...member);
  }
  return false;
}

/** @throws AppError VALIDATION_FAILED with the paths of what is wrong */
function check(part: Part, schema: z.ZodType, value: unknown): unknown {
  if (hasUnstorableText(value))
    throw new AppError('VALIDATION_FAILED', `invalid ${part}: a text holds NUL or half a character`);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => {
    // One error per unknown key, at its own place.
    if (issue.code !== 'unrecognized_keys') return fieldErrors([issue]);
    return issue.keys.map((key) => ({
      path: [...issue.path, key].map(String).join('.'),
      msg: 'unknown key',
    }));
  });
  const named = errors.map(({ path, msg }) => (path === '' ? msg : `${path}: ${msg}`)).join('; ');
  throw new AppError('VALIDATION_FAILED', `invalid ${part}: ${named}`.slice(0, 1_000), {
    meta: { errors: errors.slice(0, 50) },
  });
}

/** A parameter given twice is a list, which no schema of ours accepts. */
function queryOf(request: IncomingMessage): Record<string, string | string[]> {
  const [, search = ''] = (request.url ?? '').split('?', 2);
  const parameters = new URLSearchParams(search);
  const names = new Set(parameters.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

/** @throws AppError VALIDATION_FAILED */
export const parseParams = (
  route: Route,
  params: Readonly<Record<string, unknown>>,
): Record<string, string> => check('path', route.params ?? nothing, { ...params }) as Record<string, string>;

/**
 * Everything else that a handler gets was parsed here. A body may be missing where its schema accepts `{}`.
 * @throws AppError VALIDATION_FAILED, BAD_REQUEST, PAYLOAD_TOO_LARGE
 */
export async function parseRequest(
  route: Route,
  request: IncomingMessage,
): Promise<{ query: unknown; body: unknown }> {
  return {
    query: check('query', route.query ?? nothing, queryOf(request)),
    body: await bodyOf(route, request),
  };
}

async function bodyOf(route: Route, request: IncomingMessage): Promise<unknown> {
  if (route.method === 'GET') return undefined;
  if ('takes' in route && route.takes !== undefined) return bytesOf(route.takes, request);
  return check('body', route.body ?? nothing, (await readJsonBody(request, BODY_LIMIT)) ?? {});
}

async function bytesOf({ contentType, limit }: TakenBytes, request: IncomingMessage): Promise<Buffer> {
  const [given = ''] = (request.headers['content-type'] ?? '').split(';');
  if (given.trim().toLowerCase() !== contentType)
    throw new AppError('BAD_REQUEST', `the body must be ${contentType}`);
  return readBody(request, limit);
}
