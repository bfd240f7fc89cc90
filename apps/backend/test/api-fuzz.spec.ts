import { problem } from '@viw/contracts';
import type { FuzzRequest, OpenApi } from './fuzz/requests';
import { requestsOf } from './fuzz/requests';
import { Random } from './fuzz/random';
import type { ScopedObjects } from './scoped-objects';
import { makeObjects } from './scoped-objects';
import type { Surroundings } from './surroundings';
import { setupToken, surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

/** `VIW_FUZZ_SEED` and `VIW_FUZZ_REQUESTS` (of each operation) for another run, or a longer one. */
const seed = Number(process.env['VIW_FUZZ_SEED'] ?? 20_261_128);
const count = Number(process.env['VIW_FUZZ_REQUESTS'] ?? 6);
const SIDE_BY_SIDE = 8;

let around: Surroundings;
let backend: TestBackend;
let mine: ScopedObjects;
let document: OpenApi;
const canary = 'canary-of-what-is-foreign';
const foreignId = uniqueAgent();

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around, {
    environment: {
      BACKEND_RATE_ADDRESS_PER_MIN: '0',
      BACKEND_RATE_READ_PER_MIN: '0',
      BACKEND_RATE_WRITE_PER_MIN: '0',
      BACKEND_RATE_HEAVY_PER_MIN: '0',
    },
  });
  mine = await makeObjects(around, backend);
  const admin = await backend.as('admin');
  await admin.gateways.register({ agent_id: foreignId, display_name: canary, labels: { team: canary } });
  await admin.commands.run(foreignId, { command: 'list_users' });
  await admin.apiClients.create({ name: `${canary} client`, role: 'viewer' });
  const authorization = `Bearer ${await backend.key('viewer')}`;
  document = (await (
    await fetch(`${backend.url}/openapi.json`, { headers: { authorization } })
  ).json()) as OpenApi;
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

/** What an answer must not hold: places in our code, statements, names of tables, secrets. */
const leaks = [
  /node_modules|\bat [\w.]+ \(|\.ts:\d/,
  /\b(SELECT|INSERT|UPDATE) .*\b(viw\.|FROM)/,
  /argon2id|\bpg_/,
];

async function complaintAbout(
  request: FuzzRequest,
  key: string,
  forbidden: readonly string[],
): Promise<string[]> {
  const giveUp = AbortSignal.timeout(20_000);
  const response = await fetch(backend.url + request.path, {
    method: request.method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    signal: giveUp,
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return [];
  }
  const text = await response.text();
  const wrong = (what: string): string[] => [
    `${what}: ${response.status} ${request.operation} ${request.path} ${request.body ?? ''} → ${text}`.slice(
      0,
      600,
    ),
  ];
  // A gateway that does not offer a verb is answered with 501.
  if (response.status >= 500 && response.status !== 501) return wrong('failed');
  if (response.status >= 400 && !isProblem(text)) return wrong('no problem document');
  if (leaks.some((pattern) => pattern.test(text))) return wrong('leak');
  return forbidden.some((secret) => text.includes(secret)) ? wrong('shown') : [];
}

function isProblem(text: string): boolean {
  try {
    return problem.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

async function walk(key: string, forbidden: readonly string[], offset: number): Promise<string[]> {
  const ids = {
    agent_id: [mine.agent_id, foreignId, 'gw-nobody'],
    correlation_id: [mine.correlation_id],
    id: [mine.certificate, mine.operation, mine.server, mine.approval],
    verb: ['list_users'],
    key_id: ['0'.repeat(16)],
  };
  const requests = requestsOf(document, { random: new Random(seed + offset), count, ids });
  const complaints: string[] = [];
  for (let i = 0; i < requests.length; i += SIDE_BY_SIDE) {
    const batch = requests.slice(i, i + SIDE_BY_SIDE);
    complaints.push(...(await Promise.all(batch.map((each) => complaintAbout(each, key, forbidden)))).flat());
  }
  return complaints;
}

const secrets = (): string[] => [
  setupToken,
  backend.admin.password,
  (JSON.parse(around.environment['BACKEND_ENCRYPTION_KEY'] ?? '{}') as { key: string }).key,
];

it('describes every route', () => {
  const described = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
  const ofTheDocument = backend.routes.filter(({ path }) => /^\/(docs|openapi\.json)/.test(path));
  expect(described).toHaveLength(backend.routes.length - ofTheDocument.length);
});

it('whatever an administrator sends, nothing fails and nothing leaks', async () => {
  expect(await walk(await backend.key('admin'), secrets(), 0)).toEqual([]);
});

it('whatever a narrowed caller sends, nothing foreign is shown', async () => {
  const scope = {
    gateways: { ids: [mine.agent_id] },
    servers: { ids: [mine.server] },
    verbs: 'all' as const,
  };
  const key = await backend.key('admin', { ...scope, certificates: { domains: [mine.domain] } });
  expect(await walk(key, [...secrets(), canary], 1)).toEqual([]);
});

it('whatever a stranger sends, nothing fails and nothing is shown', async () => {
  const nobody = `viw_${'0'.repeat(16)}_${'A'.repeat(43)}`;
  expect(await walk(nobody, [...secrets(), canary, mine.agent_id], 2)).toEqual([]);
});

it('no request has made the backend say an error of its own', () => {
  expect(backend.log.filter((line) => line.includes('request_failed'))).toEqual([]);
});
