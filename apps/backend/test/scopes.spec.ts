import type { Role, Scope } from '@viw/contracts';
import type { Route } from '../src/http/route';
import { permissionsOf } from '../src/policy/permissions';
import { scopeRuleOf } from '../src/policy/scope-rules';
import type { ScopedObjects } from './scoped-objects';
import { makeObjects, scopesOf } from './scoped-objects';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let mine: ScopedObjects;
let foreign: ScopedObjects;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  mine = await makeObjects(around, backend);
  foreign = await makeObjects(around, backend);
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const roles: readonly Role[] = ['viewer', 'operator', 'admin', 'auditor'];
type Walked = 'mine' | 'foreign' | 'missing';

/**
 * How each route holds a narrowed caller to its scope. `object`: what its address names; `list`: filtered; `body`: by what the
 * body asks for; `harmless`: about nothing that a scope could hold; `whole`: closed. Written out by hand: a route that is new
 * fails here until somebody has thought about it.
 */
const expected: Readonly<Record<string, 'public' | 'object' | 'list' | 'body' | 'harmless' | 'whole'>> = {
  'POST /admin/api/setup': 'public',
  'POST /admin/api/session': 'public',
  'GET /admin/api/sign-in': 'public',
  'POST /admin/api/sign-in/oidc': 'public',
  'GET /admin/api/sign-in/oidc/callback': 'public',
  'DELETE /admin/api/session': 'harmless',
  'GET /admin/api/me': 'harmless',
  'GET /admin/api/gateways': 'list',
  'POST /admin/api/gateways/register': 'body',
  'GET /admin/api/gateways/:agent_id': 'object',
  'PATCH /admin/api/gateways/:agent_id': 'object',
  'DELETE /admin/api/gateways/:agent_id': 'object',
  'POST /admin/api/gateways/:agent_id/credentials/revoke': 'object',
  'GET /admin/api/gateways/:agent_id/points': 'object',
  'GET /admin/api/gateways/:agent_id/containers': 'object',
  'GET /admin/api/gateways/:agent_id/sessions': 'object',
  'GET /admin/api/gateways/:agent_id/events': 'object',
  'POST /admin/api/gateways/:agent_id/enrollment-token': 'object',
  'POST /agent/enroll': 'public',
  'POST /agent/renew': 'public',
  'POST /admin/api/gateways/:agent_id/commands': 'object',
  'GET /admin/api/gateways/:agent_id/commands': 'object',
  'GET /admin/api/gateways/:agent_id/commands/:correlation_id': 'object',
  'POST /admin/api/gateways/:agent_id/commands/:correlation_id/cancel': 'object',
  'POST /admin/api/gateways/:agent_id/commands/:correlation_id/secrets': 'object',
  'GET /admin/api/system/command-keys': 'whole',
  'POST /admin/api/system/command-keys/rotate': 'whole',
  'GET /admin/api/system': 'whole',
  'GET /admin/api/system/token-keys': 'whole',
  'POST /admin/api/system/token-keys/rotate': 'whole',
  'GET /admin/api/verbs': 'list',
  'GET /admin/api/approvals': 'list',
  'GET /admin/api/approvals/:id': 'object',
  'POST /admin/api/approvals/:id/approve': 'object',
  'POST /admin/api/approvals/:id/reject': 'object',
  'POST /admin/api/approvals/:id/withdraw': 'object',
  'GET /admin/api/verb-policies': 'list',
  'PUT /admin/api/verb-policies/:verb': 'whole',
  'DELETE /admin/api/verb-policies/:verb': 'whole',
  'GET /admin/api/freeze': 'harmless',
  'POST /admin/api/freeze': 'whole',
  'DELETE /admin/api/freeze': 'whole',
  'GET /admin/api/events': 'list',
  'GET /api/v1/certificates': 'list',
  'GET /api/v1/certificates/survival': 'list',
  'POST /api/v1/certificates': 'body',
  'POST /api/v1/certificates/batch': 'body',
  'GET /api/v1/certificates/:id': 'object',
  'DELETE /api/v1/certificates/:id': 'object',
  'POST /api/v1/certificates/:id/rollback': 'object',
  'POST /api/v1/certificates/:id/renew': 'object',
  'POST /api/v1/certificates/:id/deploy': 'object',
  'POST /api/v1/certificates/:id/revoke': 'object',
  'GET /api/v1/certificates/:id/versions': 'object',
  'GET /api/v1/certificates/:id/operations': 'object',
  'GET /api/v1/operations/:id': 'object',
  'GET /api/v1/servers': 'list',
  'POST /api/v1/servers': 'body',
  'GET /api/v1/servers/:id': 'object',
  'POST /api/v1/servers/:id/host-key': 'object',
  'POST /api/v1/servers/:id/probe': 'object',
  'GET /api/v1/servers/:id/probe': 'object',
  'GET /api/v1/servers/:id/sudoers': 'object',
  'GET /api/v1/servers/:id/virtual-hosts': 'object',
  'POST /api/v1/servers/:id/virtual-hosts': 'object',
  'GET /api/v1/acme-accounts': 'whole',
  'POST /api/v1/acme-accounts': 'whole',
  'GET /api/v1/acme-accounts/:id': 'whole',
  'PATCH /api/v1/acme-accounts/:id': 'whole',
  'DELETE /api/v1/acme-accounts/:id': 'whole',
  'PATCH /api/v1/servers/:id': 'object',
  'DELETE /api/v1/servers/:id': 'object',
  'GET /api/v1/servers/:id/virtual-hosts/:vid': 'object',
  'PATCH /api/v1/servers/:id/virtual-hosts/:vid': 'object',
  'DELETE /api/v1/servers/:id/virtual-hosts/:vid': 'object',
  'POST /api/v1/servers/:id/virtual-hosts/:vid/preview': 'object',
  'GET /api/v1/servers/:id/virtual-hosts/:vid/preview': 'object',
  'POST /api/v1/servers/:id/virtual-hosts/:vid/apply': 'object',
  'GET /api/v1/ssh-credentials/:id': 'object',
  'DELETE /api/v1/ssh-credentials/:id': 'body',
  'GET /api/v1/ssh-credentials': 'list',
  'POST /api/v1/ssh-credentials': 'body',
  'GET /admin/api/api-clients': 'whole',
  'POST /admin/api/api-clients': 'whole',
  'POST /admin/api/api-clients/:id/keys': 'whole',
  'GET /admin/api/api-clients/:id': 'whole',
  'PATCH /admin/api/api-clients/:id': 'whole',
  'DELETE /admin/api/api-clients/:id': 'whole',
  'GET /admin/api/api-clients/:id/keys': 'whole',
  'POST /admin/api/api-clients/:id/keys/:key_id/rotate': 'whole',
  'DELETE /admin/api/api-clients/:id/keys/:key_id': 'whole',
  'POST /admin/api/api-clients/:id/tokens': 'whole',
  'POST /admin/api/tokens/revoke': 'whole',
  'GET /.well-known/jwks.json': 'public',
  'POST /admin/api/me/password': 'harmless',
  'POST /admin/api/me/second-factor': 'harmless',
  'POST /admin/api/me/second-factor/confirm': 'harmless',
  'POST /admin/api/me/second-factor/remove': 'harmless',
  'GET /admin/api/administrators': 'whole',
  'POST /admin/api/administrators': 'whole',
  'GET /admin/api/administrators/:id': 'whole',
  'PATCH /admin/api/administrators/:id': 'whole',
  'DELETE /admin/api/administrators/:id': 'whole',
  'GET /admin/api/me/rate-limits': 'harmless',
  'GET /admin/api/rate-limits': 'whole',
  'GET /admin/api/api-clients/:id/certificates': 'whole',
  'POST /admin/api/api-clients/:id/certificates': 'whole',
  'DELETE /admin/api/api-clients/:id/certificates/:sha256': 'whole',
  'GET /admin/api/audit': 'whole',
  'GET /admin/api/audit/verify': 'whole',
  'GET /admin/api/audit/export': 'whole',
  'POST /api/v1/audit': 'harmless',
  'GET /api/v1/audit/recent': 'whole',
  'GET /admin/api/dead-letters': 'whole',
  'GET /admin/api/dead-letters/:id': 'whole',
  'POST /admin/api/dead-letters/:id/replay': 'whole',
  'POST /admin/api/dead-letters/:id/discard': 'whole',
  'GET /admin/api/alerts': 'list',
  'POST /admin/api/alerts/:id/acknowledge': 'object',
  'GET /admin/api/notification-channels': 'whole',
  'POST /admin/api/notification-channels': 'whole',
  'GET /admin/api/notification-channels/:id': 'whole',
  'PATCH /admin/api/notification-channels/:id': 'whole',
  'DELETE /admin/api/notification-channels/:id': 'whole',
  'POST /admin/api/notification-channels/:id/test': 'whole',
  'POST /admin/api/notification-channels/:id/rotate-secret': 'whole',
  'GET /admin/api/notification-channels/:id/deliveries': 'whole',
  'POST /agent/commands/:agent_id': 'object',
  'GET /agent/telemetry/:agent_id/latest': 'object',
  'GET /agent/_health': 'public',
  'GET /openapi.json': 'harmless',
  'GET /docs': 'harmless',
  'GET /docs/style.css': 'harmless',
  'POST /api/v1/operations/:id/confirm-records': 'object',
  'GET /api/v1/dns-providers': 'whole',
  'POST /api/v1/dns-providers': 'whole',
  'GET /api/v1/dns-providers/:id': 'whole',
  'PATCH /api/v1/dns-providers/:id': 'whole',
  'DELETE /api/v1/dns-providers/:id': 'whole',
  'GET /api/v1/ca': 'whole',
  'POST /api/v1/ca': 'whole',
  'POST /api/v1/ca/:id/rotate': 'whole',
  'POST /api/v1/ca/:id/end': 'whole',
  'POST /api/v1/ca/:id/issue': 'whole',
  'POST /api/v1/ca/:id/revoke': 'whole',
  'GET /api/v1/ca/:id/certificates': 'whole',
  'POST /pki/ocsp': 'public',
  'GET /pki/ocsp/:request': 'public',
  'GET /pki/ca/:id.pem': 'public',
  'GET /pki/trust/:purpose.pem': 'public',
  'GET /pki/crl/:id.crl': 'public',
};

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

const nobody = '01936b2e-0000-7000-8000-000000000001';
const missing: Record<string, string> = { agent_id: 'gw-nobody', correlation_id: nobody };

function addressOf({ path }: Route, which: Walked): string {
  const objects = which === 'mine' ? mine : foreign;
  const kind =
    /^\/(?:api\/v1|admin\/api)\/(?:ssh-)?(certificate|operation|server|credential|alert|approval)s\//.exec(
      path,
    )?.[1] as 'certificate' | undefined;
  return path.replace(/:(\w+)/g, (_, name: string) => {
    if (which === 'missing') return missing[name] ?? nobody;
    if (name === 'id') return kind === undefined ? nobody : objects[kind];
    if (name === 'vid') return objects.virtualHost;
    return objects[name as 'agent_id' | 'correlation_id'];
  });
}

interface Answered {
  readonly status: number;
  readonly detail: unknown;
}

/** Without a body: a write that gets that far is refused for its missing body, or does no harm to what it names. */
async function call(route: Route, which: Walked, key: string): Promise<Answered> {
  const giveUp = new AbortController();
  // What would end the object is only called on the foreign one, where it must not arrive.
  const response = await fetch(backend.url + addressOf(route, which), {
    method: route.method,
    headers: { authorization: `Bearer ${key}` },
    signal: giveUp.signal,
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    giveUp.abort();
    return { status: response.status, detail: undefined };
  }
  const text = await response.text();
  // Beside files that are no document of ours.
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const { detail } = (isJson ? JSON.parse(text) : {}) as { detail?: unknown };
  return { status: response.status, detail };
}

const destroys = (route: Route): boolean =>
  route.method === 'DELETE' || /revoke$|cancel$/.test(route.path) || route.path.endsWith('/session');

/** Of people who have signed in, or of who has asked: never by the key of a machine that has not, whatever its scope. */
const isDecision = (route: Route): boolean => /approvals\/:id\/\w+$/.test(route.path);

async function complaintAbout(route: Route, role: Role, scope: Scope, key: string): Promise<string[]> {
  const rule = expected[nameOf(route)];
  const permitted = route.access === 'authenticated' || permissionsOf(role, scope).has(route.access as never);
  const wrong = (what: string, got: Answered): string[] => [`${nameOf(route)}: ${what} → ${got.status}`];
  if (!permitted || rule === 'whole') {
    const got = await call(route, 'mine', key);
    return got.status === 403 ? [] : wrong('not permitted', got);
  }
  const complaints: string[] = [];
  if (rule === 'object') {
    const [strange, absent] = [await call(route, 'foreign', key), await call(route, 'missing', key)];
    if (strange.status !== 404 || strange.detail !== absent.detail || absent.status !== 404)
      complaints.push(...wrong('foreign', strange));
  }
  if (destroys(route)) return complaints;
  const own = await call(route, 'mine', key);
  const hidden = rule === 'object' && scope.gateways === undefined;
  const seen = isDecision(route) ? own.status === 403 : own.status < 500 && ![401, 403].includes(own.status);
  const fits = hidden ? own.status === 404 : seen;
  // The gateway has told no telemetry, the command has no result with secrets, nobody has looked at the server or asked for a preview.
  const foundNothing = own.status === 404 && !/telemetry|secrets$|probe$|preview$/.test(route.path);
  if (!fits || (!hidden && foundNothing)) complaints.push(...wrong('own', own));
  return complaints;
}

it('knows every route of the table, and the policy has a rule for each that is not closed', () => {
  expect(backend.routes.map(nameOf).sort()).toEqual(Object.keys(expected).sort());
  const open = backend.routes.filter((route) => !['public', 'whole'].includes(expected[nameOf(route)] ?? ''));
  expect(open.filter(({ method, path }) => !scopeRuleOf(method, path)).map(nameOf)).toEqual([]);
  const filtered = open.filter(({ method, path }) => scopeRuleOf(method, path)?.filtered).map(nameOf);
  expect(filtered.filter((name) => expected[name] !== 'list')).toEqual([
    'GET /admin/api/gateways/:agent_id/commands',
  ]);
});

describe.each(roles)('every route as a narrowed %s', (role) => {
  it.each(['own', 'selected', 'none'])('scope %s', async (name) => {
    const scope = scopesOf(mine)[name] ?? {};
    const key = await backend.key(role, scope);
    const complaints: string[] = [];
    for (const route of backend.routes)
      if (route.access !== 'public') complaints.push(...(await complaintAbout(route, role, scope, key)));
    expect(complaints).toEqual([]);
  });
});

it('nothing of the foreign was changed by all that', async () => {
  const admin = await backend.as('admin');
  await expect(admin.gateways.get(foreign.agent_id)).resolves.toMatchObject({ state: 'expected' });
});
