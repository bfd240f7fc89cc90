import { isIpAddress } from '@viw/contracts';
import type {
  certificateBatch,
  certificateCreate,
  commandRequest,
  gatewayRegister,
  Scope,
  virtualHostPatch,
} from '@viw/contracts';
import type { ScopedObject } from '@viw/database';
import type { z } from 'zod';

/** What a rule may look at; `body` has been parsed by the route's schema. */
export interface ScopedInput {
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How a route holds a narrowed caller to its scope. */
export interface ScopeRule {
  /** What the address names: outside the scope it is answered like what is not there. */
  readonly address?: (params: ScopedInput['params']) => ScopedObject;
  /** What the body names, likewise. */
  readonly named?: (input: ScopedInput) => readonly ScopedObject[];
  /** False: refused, whatever there is. */
  readonly allows?: (scope: Scope, input: ScopedInput) => boolean;
  /** The handler hands the scope to the query of its list. */
  readonly filtered?: true;
}

const param = (params: ScopedInput['params'], name: string): string => params[name] ?? '';
const gateway: ScopeRule = { address: (params) => ({ kind: 'gateway', id: param(params, 'agent_id') }) };
const command: ScopeRule = {
  address: (params) => ({
    kind: 'command',
    id: param(params, 'correlation_id'),
    gateway: param(params, 'agent_id'),
  }),
};
/** What the virtual host serves, and is to serve, has to be in the scope, too: it is taken from it. */
const virtualHost: ScopeRule = {
  address: (params) => ({ kind: 'server', id: param(params, 'id') }),
  named: ({ params, body }) => {
    const { certificate_id: id } = body as z.output<typeof virtualHostPatch>;
    return [
      { kind: 'virtual_host', id: param(params, 'vid') },
      ...(typeof id === 'string' ? [{ kind: 'certificate' as const, id }] : []),
    ];
  },
};
/** Its snippet decides what is served there, and stands between what others serve from the same server. */
const snippet: ScopeRule = {
  address: (params) => ({ kind: 'server', id: param(params, 'id') }),
  named: ({ params }) => [{ kind: 'virtual_host', id: param(params, 'vid') }],
};
const byId = (
  kind: 'certificate' | 'operation' | 'server' | 'alert' | 'ssh_credential' | 'approval',
): ScopeRule => ({
  address: (params) => ({ kind, id: param(params, 'id') }),
});
/** @param scope undefined: not narrowed */
export const verbIsInScope = (scope: Scope | undefined, verb: string): boolean => {
  const { verbs = [] } = scope ?? { verbs: 'all' as const };
  return verbs === 'all' || verbs.includes(verb);
};
const run: ScopeRule = {
  ...gateway,
  allows: (scope, { body }) => verbIsInScope(scope, (body as z.output<typeof commandRequest>).command),
};

/** About nothing that a scope could hold or not. */
const harmless: ScopeRule = {};
const list: ScopeRule = { filtered: true };

/** New gateways belong to who has them in the scope by id: a label would let its holder adopt what others expect. */
const register: ScopeRule = {
  allows: ({ gateways }, { body }) =>
    gateways === 'all' || (gateways?.ids ?? []).includes((body as z.output<typeof gatewayRegister>).agent_id),
};

type NewCertificate = z.output<typeof certificateCreate>;
/** An IP address lies below nothing, however its end looks. */
const isWithin = (name: string, domain: string): boolean =>
  name === domain || (!isIpAddress(name) && name.endsWith(`.${domain}`));
/** A DNS provider that is named may set records outside what the scope's domains are. */
const issue: ScopeRule = {
  allows: ({ certificates }, { body }) => {
    const { names, dns_provider_id } = body as NewCertificate;
    if (dns_provider_id !== null) return false;
    if (certificates === 'all') return true;
    const domains = certificates?.domains ?? [];
    return names.every((name) => domains.some((domain) => isWithin(name, domain)));
  },
  named: ({ body }) =>
    (body as NewCertificate).deploy_to.map((id): ScopedObject => ({ kind: 'virtual_host', id })),
};
/** All of them or none. */
const batch: ScopeRule = {
  named: ({ body }) =>
    (body as z.output<typeof certificateBatch>).certificate_ids.map((id): ScopedObject => ({
      kind: 'certificate',
      id,
    })),
};
const onAllServers: ScopeRule = { allows: ({ servers }) => servers === 'all' };

/**
 * Commands run there, and a credential goes to whatever host is named and its key then confirmed: that is not for who has
 * been given single servers.
 */
const changeServer: ScopeRule = {
  ...byId('server'),
  allows: ({ servers }, { body }) =>
    servers === 'all' || Object.keys(body as object).every((name) => ['name', 'rights'].includes(name)),
};

/** Routes by name. */
const rules: Readonly<Record<string, ScopeRule>> = {
  'DELETE /admin/api/session': harmless,
  'GET /admin/api/verbs': list,
  'GET /admin/api/verb-policies': list,
  'GET /admin/api/approvals': list,
  'GET /admin/api/freeze': harmless,
  'GET /admin/api/events': list,
  'GET /openapi.json': harmless,
  'GET /docs': harmless,
  'GET /docs/style.css': harmless,
  'GET /admin/api/alerts': list,
  'POST /api/v1/audit': harmless,
  'GET /admin/api/gateways': list,
  'POST /admin/api/gateways/register': register,
  'POST /admin/api/gateways/:agent_id/commands': run,
  'GET /admin/api/gateways/:agent_id/commands': { ...gateway, ...list },
  'POST /agent/commands/:agent_id': run,
  'GET /agent/telemetry/:agent_id/latest': gateway,
  'GET /api/v1/certificates': list,
  'GET /api/v1/certificates/survival': list,
  'POST /api/v1/certificates': issue,
  'POST /api/v1/certificates/batch': batch,
  'GET /api/v1/servers': list,
  'POST /api/v1/servers': onAllServers,
  'PATCH /api/v1/servers/:id': changeServer,
  'PATCH /api/v1/servers/:id/virtual-hosts/:vid': virtualHost,
  'DELETE /api/v1/servers/:id/virtual-hosts/:vid': virtualHost,
  'POST /api/v1/servers/:id/virtual-hosts/:vid/preview': snippet,
  'GET /api/v1/servers/:id/virtual-hosts/:vid/preview': snippet,
  'POST /api/v1/servers/:id/virtual-hosts/:vid/apply': snippet,
  'GET /api/v1/ssh-credentials/:id': byId('ssh_credential'),
  'DELETE /api/v1/ssh-credentials/:id': onAllServers,
  'GET /api/v1/ssh-credentials': list,
  'POST /api/v1/ssh-credentials': onAllServers,
};

/** Everything at and below an address. The first one that fits counts. */
const below: readonly (readonly [string, ScopeRule])[] = [
  ['/admin/api/gateways/:agent_id/commands/:correlation_id', command],
  ['/admin/api/gateways/:agent_id', gateway],
  ['/admin/api/me', harmless],
  ['/admin/api/alerts/:id', byId('alert')],
  ['/admin/api/approvals/:id', byId('approval')],
  ['/api/v1/certificates/:id', byId('certificate')],
  ['/api/v1/operations/:id', byId('operation')],
  ['/api/v1/servers/:id', byId('server')],
];

/**
 * The rule of a route, by method and pattern. Undefined: nothing here knows what the route is about, so it is closed to
 * narrowed callers.
 */
export const scopeRuleOf = (method: string, path: string): ScopeRule | undefined =>
  rules[`${method} ${path}`] ??
  below.find(([address]) => path === address || path.startsWith(`${address}/`))?.[1];
