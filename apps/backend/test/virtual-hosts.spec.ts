import { randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import type { VirtualHost } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let credentialId: string;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
  credentialId = (await admin.sshCredentials.create({ name: randomUUID(), username: 'deploy', agent: true }))
    .id;
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const makeServer = (more: object = {}) =>
  admin.servers.create({ name: randomUUID(), host: '10.0.0.1', ssh_credential_id: credentialId, ...more });
const hostInput = (more: object = {}) => ({
  server_names: ['www.example.org'],
  cert_dir: `/etc/viw/${randomUUID()}`,
  listeners: [{ host: '127.0.0.1', port: 443 }],
  ...more,
});
const makeHost = (serverId: string, more: object = {}): Promise<VirtualHost> =>
  admin.servers.createVirtualHost(serverId, hostInput(more));
const code = (wanted: string, words?: string): unknown =>
  expect.objectContaining({
    code: wanted,
    ...(words !== undefined && { message: expect.stringContaining(words) as string }),
  });

async function makeCertificate(domain = 'example.org'): Promise<string> {
  const id = uuidv7();
  await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
    VALUES (${id}, ${[domain]}, 'acme', 'http-01', 'ec-p256', 'test')`.execute(around.owner);
  return id;
}
/** As the watch leaves it behind. */
async function makeDrift(host: VirtualHost, certificateId: string): Promise<void> {
  const version = uuidv7();
  await sql`INSERT INTO viw.certificate_versions (id, certificate_id, cert_pem, chain_pem, private_key_sealed, serial,
      fingerprint_sha256, issuer, names, not_before, not_after)
    VALUES (${version}, ${certificateId}, '', '', '{}', '01', ${version}, 'test', '{}', now(), now())`.execute(
    around.owner,
  );
  await sql`INSERT INTO viw.served_checks (virtual_host_id, version_id, outcome)
    VALUES (${host.id}, ${version}, 'drifted')`.execute(around.owner);
}
async function cleared(): Promise<string[]> {
  const { rows } = await sql<{ body: { action: string; dedupe_key: string } }>`
    SELECT body FROM viw.outbox WHERE stream = 'viw.alerts'`.execute(around.owner);
  return rows.filter(({ body }) => body.action === 'cleared').map(({ body }) => body.dedupe_key);
}

it('what serves a certificate has settings of its own kind, and a listed service takes root’s list', async () => {
  const [own, sudo] = [await makeServer(), await makeServer({ rights: 'sudo' })];
  expect(await makeHost(own.id)).toMatchObject({
    kind: 'nginx',
    haproxy: null,
    command: null,
    snippet: null,
  });
  expect(await makeHost(own.id, { kind: 'haproxy' })).toMatchObject({
    kind: 'haproxy',
    haproxy: { config_file: '/etc/haproxy/haproxy.cfg' },
  });
  const command = { service: 'postfix' };
  await expect(makeHost(own.id, { kind: 'command', command })).rejects.toEqual(code('CONFLICT', 'sudo'));
  const listed = await makeHost(sudo.id, { kind: 'command', command });
  expect(listed).toMatchObject({ kind: 'command', command: { service: 'postfix', form: 'pair' } });
  await expect(admin.servers.update(sudo.id, { rights: 'own' })).rejects.toEqual(code('CONFLICT', 'sudo'));
  expect((await admin.servers.get(sudo.id)).rights).toBe('sudo');
  for (const wrong of [
    { kind: 'command' },
    { kind: 'nginx', command },
    { kind: 'nginx', haproxy: {} },
    { kind: 'haproxy', snippet: {} },
    { kind: 'haproxy', haproxy: { config_file: '/etc/shadow' } },
    { kind: 'haproxy', haproxy: { config_file: '/etc/haproxy/../shadow' } },
    { kind: 'command', command: { service: 'a b' } },
    { kind: 'command', command: { service: '/bin/sh' } },
    { kind: 'command', command: { service: 'x', argv: ['id'] } },
    { cert_dir: '/etc/viw/www.snippets' },
    { snippet: { http01: { from: 'web_root', path: '/srv/$host' } } },
    ...['a;b', 'responder.example.org', '10.1', '::1', '[10.0.0.1]', '[::1]]'].map((host) => ({
      snippet: { http01: { from: 'responder', host, port: 80 } },
    })),
    { snippet: { raw: 'ssl_protocols SSLv3;' } },
  ])
    await expect(makeHost(sudo.id, wrong)).rejects.toEqual(code('VALIDATION_FAILED'));
  await expect(admin.servers.updateVirtualHost(sudo.id, listed.id, { snippet: {} })).rejects.toEqual(
    code('CONFLICT', 'kind command'),
  );
});

it('the web root of challenges is said once; where two differed before, the next change says so', async () => {
  const server = await makeServer();
  const [web_root, other] = ['/srv/acme', '/srv/other'];
  const http01 = { from: 'web_root' };
  const refused = (words: string) => code('VALIDATION_FAILED', words);
  await expect(makeHost(server.id, { snippet: { http01 } })).rejects.toEqual(refused('has no web_root'));
  await expect(
    makeHost(server.id, { web_root, snippet: { http01: { ...http01, path: other } } }),
  ).rejects.toEqual(refused('is not the web_root'));
  const { id } = await makeHost(server.id, { web_root, snippet: { http01 } });
  const change = (changes: object) => admin.servers.updateVirtualHost(server.id, id, changes);
  await expect(change({ web_root: null })).rejects.toEqual(refused('has no web_root'));
  expect(await change({ web_root: other })).toMatchObject({ web_root: other, snippet: { http01 } });
  const alone = { web_root: null, snippet: { http01: { ...http01, path: web_root } } };
  expect(await change(alone)).toMatchObject(alone);
  await expect(change({ web_root: other })).rejects.toEqual(refused('is not the web_root'));
  expect(await change({ web_root })).toMatchObject({ web_root });

  await sql`UPDATE viw.virtual_hosts SET web_root = ${other} WHERE id = ${id}`.execute(around.owner);
  expect(await change({ server_names: ['of.before.example.org'] })).toMatchObject({ web_root: other });
  await expect(change({ snippet: alone.snippet })).rejects.toEqual(refused('is not the web_root'));
});

it('is found, changed and deleted on its own server only', async () => {
  const [server, other] = [await makeServer(), await makeServer()];
  const host = await makeHost(server.id);
  for (const wrong of [other.id, randomUUID()]) {
    await expect(admin.servers.virtualHost(wrong, host.id)).rejects.toEqual(code('NOT_FOUND'));
    await expect(admin.servers.updateVirtualHost(wrong, host.id, {})).rejects.toEqual(code('NOT_FOUND'));
    await expect(admin.servers.deleteVirtualHost(wrong, host.id)).rejects.toEqual(code('NOT_FOUND'));
    await expect(admin.servers.previewSnippet(wrong, host.id)).rejects.toEqual(code('NOT_FOUND'));
    await expect(admin.servers.newestSnippetJob(wrong, host.id)).rejects.toEqual(code('NOT_FOUND'));
  }
  const narrowed = await backend.as('admin', { servers: { ids: [other.id] }, certificates: 'all' });
  await expect(narrowed.servers.virtualHost(other.id, host.id)).rejects.toEqual(code('NOT_FOUND'));
  await expect(narrowed.servers.updateVirtualHost(other.id, host.id, {})).rejects.toEqual(code('NOT_FOUND'));
  await expect(narrowed.servers.deleteVirtualHost(other.id, host.id)).rejects.toEqual(code('NOT_FOUND'));
  expect(await admin.servers.virtualHost(server.id, host.id)).toEqual(host);

  const changed = await admin.servers.updateVirtualHost(server.id, host.id, {
    server_names: ['new.example.org'],
    snippet: { hsts: { max_age_s: 300 }, http01: { from: 'responder', host: '[2001:db8::1]', port: 80 } },
  });
  expect(changed).toEqual({
    ...host,
    server_names: ['new.example.org'],
    snippet: {
      tls: 'intermediate',
      hsts: { max_age_s: 300, include_subdomains: false, preload: false },
      http01: { from: 'responder', host: '[2001:db8::1]', port: 80 },
    },
  });
  const certificate_id = randomUUID();
  await expect(admin.servers.updateVirtualHost(server.id, host.id, { certificate_id })).rejects.toEqual(
    code('NOT_FOUND'),
  );
});

it('what is deleted, or serves something else, drifts no more', async () => {
  const server = await makeServer();
  const certificate = await makeCertificate();
  const hosts = [await makeHost(server.id), await makeHost(server.id)];
  const [one, two] = hosts as [VirtualHost, VirtualHost];
  for (const host of hosts) {
    await admin.servers.updateVirtualHost(server.id, host.id, { certificate_id: certificate });
    await makeDrift(host, certificate);
  }
  await admin.servers.updateVirtualHost(server.id, one.id, { certificate_id: null });
  const { left_on_server: left } = await admin.servers.deleteVirtualHost(server.id, two.id);
  expect(left).toMatchObject([{ cert_dir: two.cert_dir, server_names: two.server_names }]);
  expect(await cleared()).toEqual(
    expect.arrayContaining(
      hosts.flatMap(({ id }) => [`certificate-drift:${id}`, `certificate-unchecked:${id}`]),
    ),
  );
  const { rows } =
    await sql`SELECT 1 FROM viw.served_checks WHERE virtual_host_id = ANY(${hosts.map(({ id }) => id)}::uuid[])`.execute(
      around.owner,
    );
  expect(rows).toEqual([]);
  await expect(admin.servers.virtualHost(server.id, two.id)).rejects.toEqual(code('NOT_FOUND'));
  expect((await admin.certificates.get(certificate)).used_by).toEqual([]);
});

it('what was told of a snippet is over when there is none any more', async () => {
  const server = await makeServer();
  const { id } = await makeHost(server.id, { snippet: {} });
  await admin.servers.updateVirtualHost(server.id, id, { snippet: { tls: 'modern' } });
  expect(await cleared()).not.toContain(`virtual-host-snippet:${id}`);
  await admin.servers.updateVirtualHost(server.id, id, { snippet: null });
  expect((await cleared()).filter((key) => key.includes(id))).toEqual([`virtual-host-snippet:${id}`]);
});

it('is not taken away under the hands of a deployment', async () => {
  const server = await makeServer();
  const certificate = await makeCertificate();
  const host = await makeHost(server.id);
  await admin.servers.updateVirtualHost(server.id, host.id, { certificate_id: certificate });
  await sql`INSERT INTO viw.certificate_operations (id, certificate_id, kind, status, lease_until, issued_by_kind, issued_by_id,
      issued_by_name) VALUES (${uuidv7()}, ${certificate}, 'deploy', 'running', now() + interval '1 min', 'system', 't', 't')`.execute(
    around.owner,
  );
  const busy = code('CONFLICT', 'at this moment');
  await expect(admin.servers.deleteVirtualHost(server.id, host.id)).rejects.toEqual(busy);
  await expect(admin.servers.delete(server.id, { force: true })).rejects.toEqual(busy);
  await expect(admin.servers.updateVirtualHost(server.id, host.id, { certificate_id: null })).rejects.toEqual(
    busy,
  );
});

it('a server goes only by force while certificates are deployed to it, and says what stays there', async () => {
  const server = await makeServer();
  const through = await makeServer({ jump_server_id: server.id });
  const certificate = await makeCertificate();
  const host = await makeHost(server.id);
  await admin.servers.updateVirtualHost(server.id, host.id, { certificate_id: certificate });
  await expect(admin.servers.delete(server.id, { force: true })).rejects.toEqual(
    code('CONFLICT', through.name),
  );
  expect(await admin.servers.delete(through.id)).toEqual({ id: through.id, left_on_server: [] });
  await expect(admin.servers.delete(server.id)).rejects.toEqual(
    code('CONFLICT', `www.example.org (certificate ${certificate})`),
  );
  const scope = { servers: { ids: [server.id] }, certificates: { ids: [], domains: ['example.com'] } };
  const narrowed = await backend.as('admin', scope);
  await expect(narrowed.servers.delete(server.id, { force: true })).rejects.toEqual(code('FORBIDDEN'));
  // What the host serves lies outside of its scope.
  await expect(narrowed.servers.deleteVirtualHost(server.id, host.id)).rejects.toEqual(code('NOT_FOUND'));
  const gone = await admin.servers.delete(server.id, { force: true });
  expect(gone.left_on_server).toMatchObject([{ cert_dir: host.cert_dir }]);
  await expect(admin.servers.get(server.id)).rejects.toEqual(code('NOT_FOUND'));
  await expect(admin.servers.delete(server.id)).rejects.toEqual(code('NOT_FOUND'));
});

it('how a server is reached may change, but not by whoever has been given single servers', async () => {
  const server = await makeServer({ host_key_fingerprint: `SHA256:${'A'.repeat(43)}` });
  const changes = {
    host: '10.0.0.2',
    ssh_port: 2222,
    rights: 'sudo' as const,
    test_command: ['nginx', '-t', '-q'],
  };
  // The pinned key stays: another host has to show it.
  expect(await admin.servers.update(server.id, changes)).toEqual({ ...server, ...changes });
  await expect(admin.servers.update(server.id, { ssh_credential_id: randomUUID() })).rejects.toEqual(
    code('NOT_FOUND'),
  );
  const narrowed = await backend.as('admin', { servers: { ids: [server.id] } });
  for (const change of [
    { host: '10.6.6.6' },
    { ssh_credential_id: credentialId },
    { reload_command: ['id'] },
  ])
    await expect(narrowed.servers.update(server.id, change)).rejects.toEqual(code('FORBIDDEN'));
  expect(await narrowed.servers.update(server.id, { rights: 'own' })).toMatchObject({ rights: 'own' });
});

it('a credential goes once no server signs in with it', async () => {
  const { id, name } = await admin.sshCredentials.create({
    name: randomUUID(),
    username: 'deploy',
    password: 'words that stay inside',
  });
  const server = await makeServer({ ssh_credential_id: id });
  const got = await admin.sshCredentials.get(id);
  expect(got).toMatchObject({ id, name, username: 'deploy' });
  expect(JSON.stringify(got)).not.toContain('words');
  await expect(admin.sshCredentials.delete(id)).rejects.toEqual(code('CONFLICT', server.name));
  await admin.servers.delete(server.id);
  await admin.sshCredentials.delete(id);
  await expect(admin.sshCredentials.get(id)).rejects.toEqual(code('NOT_FOUND'));
  await expect(admin.sshCredentials.delete(id)).rejects.toEqual(code('NOT_FOUND'));
});

it('a snippet is previewed and applied one at a time', async () => {
  const server = await makeServer();
  const host = await makeHost(server.id);
  await expect(admin.servers.previewSnippet(server.id, host.id)).rejects.toEqual(
    code('CONFLICT', 'no snippet'),
  );
  await admin.servers.updateVirtualHost(server.id, host.id, { snippet: {} });
  await expect(admin.servers.newestSnippetJob(server.id, host.id)).rejects.toEqual(code('NOT_FOUND'));
  const preview = await admin.servers.previewSnippet(server.id, host.id);
  expect(preview).toMatchObject({ kind: 'preview', state: 'requested', result: null });
  // Overtakes what only looks; nothing overtakes it.
  const apply = await admin.servers.applySnippet(server.id, host.id, { force: true });
  expect(apply).toMatchObject({ kind: 'apply', force: true });
  await expect(admin.servers.previewSnippet(server.id, host.id)).rejects.toEqual(code('CONFLICT'));
  expect(await admin.servers.newestSnippetJob(server.id, host.id)).toEqual(apply);
});
