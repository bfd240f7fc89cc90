import { problem } from '@viw/contracts';
import { z } from 'zod';
import type { CookieOptions } from '../auth/session-cookie';
import { sessionCookieName } from '../auth/session-cookie';
import type { Route } from './route';

type Json = Readonly<Record<string, unknown>>;

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

const parameters = (schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, itsSchema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: itsSchema,
  }));
};

function operationOf(route: Route): Json {
  const content = route.response && {
    content: { 'application/json': { schema: jsonSchema(route.response, 'output') } },
  };
  const types = 'open' in route ? (route.content ?? ['text/event-stream']) : [];
  const stream = 'open' in route && {
    content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }])),
  };
  const file = 'file' in route && {
    content: { [route.contentType]: { schema: { type: 'string', format: 'binary' } } },
  };
  return {
    summary: route.summary,
    security: route.access === 'public' ? [] : [{ session: [] }, { apiKey: [] }],
    ...(route.access === 'public' || route.access === 'authenticated'
      ? {}
      : { 'x-permission': route.access }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...('takes' in route &&
      route.takes && {
        requestBody: {
          content: { [route.takes.contentType]: { schema: { type: 'string', format: 'binary' } } },
        },
      }),
    ...(route.body && {
      requestBody: { content: { 'application/json': { schema: jsonSchema(route.body, 'input') } } },
    }),
    responses: {
      [route.status]: { description: 'Done', ...content, ...stream, ...file },
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

/** As far as readers of the document may rely on it. */
export interface OpenApiDocument extends Json {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/** The OpenAPI 3.1 document of the table, made of the very schemas that validate. */
export function openApiDocument(
  routes: readonly Route[],
  { cookies, version }: { readonly cookies: CookieOptions; readonly version: string },
): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([a-z_0-9]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'viw', version },
    paths,
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: sessionCookieName(cookies),
          description: 'IdempotentWrites also need X-CSRF-Token',
        },
        apiKey: { type: 'http', scheme: 'bearer' },
      },
      responses: {
        problem: {
          description: 'RFC 9457 problem document',
          content: { 'application/problem+json': { schema: jsonSchema(problem, 'output') } },
        },
      },
    },
  };
}
