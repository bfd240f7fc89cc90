import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { changesStream } from '@viw/contracts';
import type { Change } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { ScopedObjects } from './scoped-objects';
import { makeObjects } from './scoped-objects';
import { Collected } from './sse';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let mine: ScopedObjects;
let foreign: ScopedObjects;
let byId: Client;
let bySelector: Client;
let narrowedKey: string;
const unregistered = uniqueAgent();
const open: Collected[] = [];

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  mine = await makeObjects(around, backend);
  foreign = await makeObjects(around, backend);
  // Ends like a name of the domain, and is none; and one that is a name of it, beside one that is not.
  for (const names of [[`not${mine.domain}`], [`www.${mine.domain}`, 'www.example.net']])
    await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
      VALUES (gen_random_uuid(), ${names}, 'acme', 'http-01', 'ec-p256', 'test')`.execute(around.owner);
  byId = await backend.as('admin', {
    gateways: { ids: [mine.agent_id, unregistered] },
    servers: { ids: [mine.server] },
    certificates: { ids: [mine.certificate] },
    verbs: ['list_users'],
  });
  narrowedKey = await backend.key('admin', {
    gateways: { labels: { team: mine.team } },
    servers: { ids: [mine.server] },
    certificates: { domains: [mine.domain] },
    verbs: 'all',
  });
  bySelector = await backend.as('admin', {
    gateways: { labels: { team: mine.team } },
    servers: { ids: [mine.server] },
    certificates: { domains: [mine.domain] },
    verbs: 'all',
  });
}, 60_000);

afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;

describe('what a narrowed caller sees', () => {
  it.each([
    ['by ids', () => byId],
    ['by selectors', () => bySelector],
  ])('of lists only its own, %s; totals count no more than that', async (_, of) => {
    const client = of();
    const gateways = await client.gateways.list({ total: 'true' });
    expect(gateways.items.map(({ agent_id }) => agent_id)).toEqual([mine.agent_id]);
    expect(gateways.total).toBe(1);
    const certificates = await client.certificates.list({ total: 'true' });
    expect(certificates.items.map(({ id }) => id)).toEqual([mine.certificate]);
    expect(certificates.total).toBe(1);
    expect((await client.servers.list()).items.map(({ id }) => id)).toEqual([mine.server]);
    expect((await client.sshCredentials.list()).items.map(({ id }) => id)).toEqual([mine.credential]);
  });

  it('of itself, its scope and what is left of its role', async () => {
    const me = await byId.session.me();
    expect(me.scope?.verbs).toEqual(['list_users']);
    expect(me.permissions).toContain('gateways:write');
    for (const whole of ['access:write', 'audit:read', 'system:write', 'commands:freeze', 'policies:write'])
      expect(me.permissions).not.toContain(whole);
  });

  it('of verbs and commands those of its verbs', async () => {
    const admin = await backend.as('admin');
    const { correlation_id } = await admin.commands.run(mine.agent_id, { command: 'get_system_health' });
    expect((await byId.verbs()).items.map(({ verb }) => verb)).toEqual(['list_users']);
    const seen = (await byId.commands.list(mine.agent_id)).items.map(({ verb }) => verb);
    expect(new Set(seen)).toEqual(new Set(['list_users']));
    await expect(byId.commands.get(mine.agent_id, correlation_id)).rejects.toEqual(code('NOT_FOUND'));
    await expect(bySelector.commands.get(mine.agent_id, correlation_id)).resolves.toBeDefined();
  });

  it('of events those about its own, in order, resumed ones included', async () => {
    const events = new Collected((signal) => byId.events({}, signal));
    open.push(events);
    await eventually(() => expect(events.types).toContain('ready'));
    const changes: Change[] = [
      { kind: 'gateway', id: foreign.agent_id },
      { kind: 'gateway', id: mine.agent_id },
      { kind: 'command', id: foreign.correlation_id, parent_id: foreign.agent_id },
      { kind: 'command', id: mine.correlation_id, parent_id: mine.agent_id },
      { kind: 'certificate', id: foreign.certificate },
      { kind: 'operation', id: foreign.operation, parent_id: foreign.certificate },
      { kind: 'operation', id: mine.operation, parent_id: mine.certificate },
      { kind: 'server', id: foreign.server },
      { kind: 'alert', id: 'a-1' },
      { kind: 'server', id: mine.server },
      { kind: 'approval', id: foreign.approval, parent_id: foreign.agent_id },
      { kind: 'approval', id: mine.approval, parent_id: mine.agent_id },
      { kind: 'verb_policy', id: 'restart_agent' },
      { kind: 'verb_policy', id: 'list_users' },
    ];
    const announced = { changes };
    await around.client.xadd(changesStream.stream, '*', ...encodeEntry(changesStream, announced).fields);
    const own = [
      mine.agent_id,
      mine.correlation_id,
      mine.operation,
      mine.server,
      mine.approval,
      'list_users',
    ];
    await eventually(() => expect(events.changed).toEqual(own));
    const lastEventId = events.lastId;
    await around.client.xadd(changesStream.stream, '*', ...encodeEntry(changesStream, announced).fields);
    const again = new Collected((signal) => byId.events({ lastEventId }, signal));
    open.push(again);
    await eventually(() => expect(again.types).toContain('ready'));
    expect(again.changed).toEqual(own);
  });
});

describe('what a narrowed caller may do', () => {
  it('commands with its verbs, on its gateways', async () => {
    await expect(byId.commands.run(mine.agent_id, { command: 'list_users' })).resolves.toBeDefined();
    await expect(byId.commands.run(mine.agent_id, { command: 'get_system_health' })).rejects.toEqual(
      code('FORBIDDEN'),
    );
    await expect(byId.commands.run(foreign.agent_id, { command: 'list_users' })).rejects.toEqual(
      code('NOT_FOUND'),
    );
  });

  it('registers gateways that its scope names, and adopts none by giving it a label', async () => {
    await expect(byId.gateways.register({ agent_id: unregistered })).resolves.toBeDefined();
    await expect(byId.gateways.register({ agent_id: uniqueAgent() })).rejects.toEqual(code('FORBIDDEN'));
    await expect(
      bySelector.gateways.register({ agent_id: uniqueAgent(), labels: { team: mine.team } }),
    ).rejects.toEqual(code('FORBIDDEN'));
  });

  it('certificates for its domains, on its servers', async () => {
    const names = [`www.${mine.domain}`];
    await expect(
      bySelector.certificates.create({ names, deploy_to: [mine.virtualHost] }),
    ).resolves.toBeDefined();
    for (const other of [[foreign.domain], [...names, 'example.org'], [`not${mine.domain}`]])
      await expect(bySelector.certificates.create({ names: other })).rejects.toEqual(code('FORBIDDEN'));
    await expect(bySelector.certificates.create({ names, deploy_to: [foreign.virtualHost] })).rejects.toEqual(
      code('NOT_FOUND'),
    );
    await expect(byId.certificates.create({ names })).rejects.toEqual(code('FORBIDDEN'));
  });

  it('names no DNS provider, which may have zones of others', async () => {
    const names = [`dns.${mine.domain}`];
    const wanted = { names, challenge: 'dns-01' as const };
    const admin = await backend.as('admin');
    const { id } = await admin.dnsProviders.create({ kind: 'manual', name: 'of others' });
    await expect(bySelector.certificates.create({ ...wanted, dns_provider_id: id })).rejects.toEqual(
      code('FORBIDDEN'),
    );
    await expect(bySelector.certificates.create(wanted)).resolves.toBeDefined();
  });

  it('takes no virtual host from a certificate that it may not see, though it is on its server', async () => {
    const { rows } = await sql<{ id: string }>`INSERT INTO viw.virtual_hosts
      (id, server_id, server_names, cert_dir, listeners, certificate_id)
      VALUES (gen_random_uuid(), ${mine.server}, '{bank.example.net}', '/etc/nginx/bank', '[]', ${foreign.certificate})
      RETURNING id`.execute(around.owner);
    const names = [`www.${mine.domain}`];
    const taking = bySelector.certificates.create({ names, deploy_to: [rows[0]?.id ?? ''] });
    await expect(taking).rejects.toEqual(code('NOT_FOUND'));
    await sql`DELETE FROM viw.virtual_hosts WHERE id = ${rows[0]?.id}`.execute(around.owner);
    const both = { kind: 'deploy' as const, certificate_ids: [mine.certificate, foreign.certificate] };
    await expect(bySelector.certificates.batch(both)).rejects.toEqual(code('NOT_FOUND'));
  });

  it('sees and applies no snippet of a virtual host whose certificate it may not see, though it is on its server', async () => {
    const { rows } = await sql<{ id: string }>`INSERT INTO viw.virtual_hosts
      (id, server_id, server_names, cert_dir, listeners, certificate_id, snippet)
      VALUES (gen_random_uuid(), ${mine.server}, '{bank.example.net}', '/etc/nginx/bank', '[]', ${foreign.certificate}, '{}')
      RETURNING id`.execute(around.owner);
    const id = rows[0]?.id ?? '';
    const { servers } = await backend.as('admin');
    const asked = await servers.previewSnippet(mine.server, id);
    await expect(bySelector.servers.previewSnippet(mine.server, id)).rejects.toEqual(code('NOT_FOUND'));
    await expect(bySelector.servers.newestSnippetJob(mine.server, id)).rejects.toEqual(code('NOT_FOUND'));
    await expect(bySelector.servers.applySnippet(mine.server, id, { force: true })).rejects.toEqual(
      code('NOT_FOUND'),
    );
    expect(await servers.newestSnippetJob(mine.server, id)).toEqual(asked);
    await sql`DELETE FROM viw.virtual_hosts WHERE id = ${id}`.execute(around.owner);
    await sql`UPDATE viw.virtual_hosts SET snippet = '{}' WHERE id = ${mine.virtualHost}`.execute(
      around.owner,
    );
    await expect(bySelector.servers.previewSnippet(mine.server, mine.virtualHost)).resolves.toBeDefined();
  });

  it('what it was refused for its scope is in the audit log', async () => {
    await expect(byId.gateways.register({ agent_id: 'gw-not-mine' })).rejects.toEqual(code('FORBIDDEN'));
    const { rows } = await sql<{ detail: object }>`SELECT detail FROM viw.audit_log
      WHERE action = 'request.denied' ORDER BY id DESC LIMIT 1`.execute(around.owner);
    expect(rows[0]?.detail).toEqual({
      target: 'POST /admin/api/gateways/register',
      reason: 'This lies outside your scope',
    });
  });
});

it('a scope that changes ends the streams that were opened under the former one', async () => {
  const other = await startBackend(around, { heartbeatMs: 50 });
  try {
    const narrowed = createClient({ baseUrl: other.url, auth: { kind: 'apiKey', key: narrowedKey } });
    const events = new Collected((signal) => narrowed.events({}, signal));
    open.push(events);
    await eventually(() => expect(events.types).toContain('ready'));
    await sql`UPDATE viw.api_clients SET scope = '{"gateways":"all"}'
      WHERE id = (SELECT client_id FROM viw.api_keys WHERE id = ${narrowedKey.split('_')[1]})`.execute(
      around.owner,
    );
    await eventually(async () => expect(await other.openStreams()).toBe(0));
  } finally {
    await other.stop();
  }
});
