import type { Random } from './random';
import type { Schema } from './values';
import { broken, fitting, hostileText } from './values';

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: 'path' | 'query';
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: { readonly 'application/json'?: { readonly schema: Schema } } };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface FuzzRequest {
  /** Method and path of the document. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
}

/** Requests of one operation of the document: some that fit, most with something wrong. */
export function requestsOf(
  document: OpenApi,
  { random, count, ids }: { random: Random; count: number; ids: Readonly<Record<string, readonly string[]>> },
): FuzzRequest[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      Array.from({ length: count }, () => request(template, method.toUpperCase(), operation, random, ids)),
    ),
  );
}

function request(
  template: string,
  method: string,
  { parameters = [], requestBody }: Operation,
  random: Random,
  ids: Readonly<Record<string, readonly string[]>>,
): FuzzRequest {
  const valueOf = (schema: Schema): string =>
    random.chance(0.3) ? hostileText(random) : String(fitting(schema, random));
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const known = ids[name] ?? [];
    const value = random.chance(0.6) && known.length > 0 ? random.of(known) : hostileText(random);
    return encode(value === '' ? 'x' : value);
  });
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && random.chance(0.5))
    .map(({ name, schema }) => `${name}=${encode(valueOf(schema))}`);
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema && (random.chance(0.4) ? fitting(schema, random) : broken(schema, random));
  return {
    operation: `${method} ${template}`,
    method,
    path: query.length > 0 ? `${path}?${query.join('&')}` : path,
    body: method === 'GET' || body === undefined ? undefined : JSON.stringify(body),
  };
}

/** Half a character, too, gets into the address as bytes. */
function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
}
