import { createClient } from '@viw/client';
import { createLogger } from '@viw/runtime';
import { buildBackend } from '../src/build';
import { completeConfig, configSource } from '../src/config';

/** For programs that are no client of ours, or older names of the same. */
const notForTheClient = new Set([
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/style.css',
  'GET /.well-known/jwks.json',
  'GET /admin/api/sign-in/oidc/callback',
  'GET /pki/ca/:id.pem',
  'GET /pki/trust/:purpose.pem',
  'GET /pki/crl/:id.crl',
  'GET /pki/ocsp/:request',
  'POST /pki/ocsp',
  'POST /agent/enroll',
  'POST /agent/renew',
  'POST /agent/commands/:agent_id',
  'GET /agent/telemetry/:agent_id/latest',
  'GET /agent/_health',
]);

/** Nothing is started: the table alone is looked at. */
const routes = (): readonly string[] =>
  buildBackend(
    completeConfig(
      configSource.schema.parse({
        BACKEND_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
        BACKEND_REDIS_URL: 'redis://127.0.0.1:1',
        BACKEND_ENCRYPTION_KEY: JSON.stringify({ id: 'k', key: Buffer.alloc(32).toString('base64') }),
      }),
    ),
    { logger: createLogger({ service: 'backend', level: 'silent' }), version: 'test' },
  ).routes.map(({ method, path }) => `${method} ${path}`);

const patternOf = (route: string): RegExp => new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`);

type Tree = { readonly [name: string]: Tree | ((...all: unknown[]) => unknown) };

/** Every function of the client, called once: what it asks for. */
async function callsOf(): Promise<string[]> {
  const calls: string[] = [];
  const fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    calls.push(`${init?.method ?? 'GET'} ${pathname}`);
    return new Response('{}', { status: 418 });
  });
  const visit = async (tree: Tree): Promise<void> => {
    for (const member of Object.values(tree)) {
      if (typeof member === 'object') await visit(member);
      else await settle(member('id-1', 'id-2', {}));
    }
  };
  await visit(createClient({ baseUrl: 'http://viw.test', auth: { kind: 'session' } }) as unknown as Tree);
  fetched.mockRestore();
  return calls;
}

/** Every answer is a refusal: only what was asked for is of interest. */
async function settle(answer: unknown): Promise<void> {
  const stream = answer as AsyncGenerator;
  if (typeof stream?.next === 'function') await stream.next().catch(() => undefined);
  else await Promise.resolve(answer).catch(() => undefined);
}

it('the client asks for what there is, and for all of it', async () => {
  const calls = await callsOf();
  const table = routes();
  // The fixed address first: it would fit a pattern with a parameter as well.
  const fits = (call: string, route: string): boolean =>
    table.includes(call) ? call === route : patternOf(route).test(call);
  expect(calls.filter((call) => !table.some((route) => fits(call, route)))).toEqual([]);
  const unused = table.filter((route) => !calls.some((call) => fits(call, route)));
  expect(unused.sort()).toEqual([...notForTheClient].sort());
});
