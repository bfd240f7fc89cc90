import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { certRequestsStream, gatewayRegistryStream, streams } from '@viw/contracts';
import { openSshCredential, parseKeks, SecretBox } from '@viw/secrets';
import { decodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { backendStage } from './backend-stage';
import { uniqueAgent } from './test-backend';

const stage = backendStage();

describe('gateways', () => {
  it('register, list, change, decommission; hubs are told in order', async () => {
    const id = uniqueAgent();
    const registered = await stage.admin.gateways.register({
      agent_id: id,
      display_name: 'Berlin 1',
      site: 'berlin',
      labels: { env: 'test' },
      public_keys: { sealing: stage.around.sealing.publicKey },
    });
    expect(registered).toMatchObject({ agent_id: id, state: 'expected', has_sealing_key: true });
    expect((await stage.admin.gateways.get(id)).last_seen_at).toBeNull();
    await expect(stage.admin.gateways.register({ agent_id: id })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(
      (await stage.admin.gateways.list({ label: 'env=test', total: 'true' })).items.map(
        (each) => each.agent_id,
      ),
    ).toContain(id);
    expect(await stage.admin.gateways.update(id, { site: null, min_version: '2.0.0' })).toMatchObject({
      display_name: 'Berlin 1',
      site: null,
      min_version: '2.0.0',
    });
    expect(await stage.admin.gateways.points(id)).toEqual({ points: [] });
    await expect(
      stage.admin.gateways.points(id, { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    const authorization = `Bearer ${await stage.backend.key('admin')}`;
    for (let time = 0; time < 2; time++) {
      const gone = await fetch(`${stage.backend.url}/admin/api/gateways/${id}`, {
        method: 'DELETE',
        headers: { authorization },
      });
      expect(gone.status).toBe(204);
    }
    expect(await stage.admin.gateways.get(id)).toMatchObject({
      state: 'decommissioned',
      has_sealing_key: false,
    });
    const deltas = await eventually(async () => {
      const raw = await stage.around.client.xrange(streams.gatewayRegistry, '-', '+');
      const bodies = raw.map(([, fields]) => decodeEntry(gatewayRegistryStream, fields).body);
      const ours = bodies.filter((body) => body.kind === 'gateway' && body.entry.agent_id === id);
      expect(ours).toHaveLength(3);
      return ours;
    });
    expect(deltas.map((body) => (body.kind === 'gateway' ? body.entry.state : ''))).toEqual([
      'active',
      'active',
      'decommissioned',
    ]);
    const versions = deltas.map(({ version }) => version);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  });

  it('every write leaves a line in the audit log, with who, what and the correlation id', async () => {
    const id = uniqueAgent();
    await stage.admin.gateways.register({ agent_id: id });
    const { rows } =
      await sql`SELECT actor_kind, actor_name, action, object_id, outcome, address, correlation_id IS NOT NULL AS c
      FROM viw.audit_log WHERE object_id = ${id}`.execute(stage.around.owner);
    expect(rows).toEqual([
      {
        actor_kind: 'administrator',
        actor_name: stage.backend.admin.email,
        action: 'gateway.register',
        object_id: id,
        outcome: 'success',
        address: '127.0.0.1',
        c: true,
      },
    ]);
  });

  it('telemetry under the seed’s first name: 404 until there is some', async () => {
    const id = uniqueAgent();
    await stage.admin.gateways.register({ agent_id: id });
    const latest = async () =>
      fetch(`${stage.backend.url}/agent/telemetry/${id}/latest`, {
        headers: { authorization: `Bearer ${await stage.backend.key('viewer')}` },
      });
    expect((await latest()).status).toBe(404);
    await sql`INSERT INTO viw.os_gateway_status (agent_id, epoch, seq, ts, received_at, metrics, cpu_pct)
      VALUES (${id}, 1, 1, now(), now(), '{"cpu_pct": 12.5}', 12.5)`.execute(stage.around.owner);
    expect(await (await latest()).json()).toMatchObject({ agent_id: id, metrics: { cpu_pct: 12.5 } });
  });
});

describe('servers and certificates', () => {
  const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

  async function newVirtualHost(): Promise<string> {
    const name = randomUUID();
    const credential = await stage.admin.sshCredentials.create({
      name,
      username: 'deploy',
      private_key: privateKey,
    });
    const server = await stage.admin.servers.create({
      name,
      host: '192.0.2.10',
      ssh_credential_id: credential.id,
    });
    const host = await stage.admin.servers.createVirtualHost(server.id, {
      server_names: ['www.example.org'],
      cert_dir: '/etc/nginx/viw/www',
      listeners: [{ host: '127.0.0.1', port: 443 }],
    });
    return host.id;
  }

  it('a private key goes in sealed and never comes out', async () => {
    const name = randomUUID();
    const created = await stage.admin.sshCredentials.create({
      name,
      username: 'deploy',
      private_key: privateKey,
    });
    expect(Object.keys(created).sort()).toEqual(['created_at', 'id', 'name', 'username']);
    expect(JSON.stringify(await stage.admin.sshCredentials.list())).not.toContain('PRIVATE KEY');
    const { rows } = await sql<{
      sealed: unknown;
    }>`SELECT sealed FROM viw.ssh_credentials WHERE id = ${created.id}`.execute(stage.around.owner);
    const { id, key } = JSON.parse(stage.around.environment['BACKEND_ENCRYPTION_KEY'] ?? '') as {
      id: string;
      key: string;
    };
    const box = new SecretBox({ keys: parseKeks(`${id}:${key}`) });
    expect(openSshCredential(box, created.id, rows[0]?.sealed)).toEqual({ privateKey });
    await expect(
      stage.admin.sshCredentials.create({
        name: randomUUID(),
        username: 'deploy',
        private_key: 'x'.repeat(100),
      }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'private_key' }] });
  });

  it('a host key is pinned when a person confirms it', async () => {
    await newVirtualHost();
    const [server] = (await stage.admin.servers.list({ limit: 1 })).items;
    expect(server?.host_key_fingerprint).toBeNull();
    const fingerprint = `SHA256:${'A'.repeat(43)}`;
    expect(await stage.admin.servers.confirmHostKey(server?.id ?? '', { fingerprint })).toMatchObject({
      host_key_fingerprint: fingerprint,
    });
    expect((await stage.admin.servers.virtualHosts(server?.id ?? '')).items).toHaveLength(1);
    await expect(stage.admin.servers.get('no-such')).rejects.toMatchObject({ status: 404 });
  });

  it('a certificate becomes an operation, its request is published', async () => {
    const host = await newVirtualHost();
    const order = { names: ['www.example.org', 'WWW.example.org'], deploy_to: [host] };
    const idempotencyKey = randomUUID();
    const accepted = await stage.admin.certificates.create(order, { idempotencyKey });
    expect(await stage.admin.certificates.create(order, { idempotencyKey })).toEqual(accepted);
    const { certificate_id: id, operation_id: operationId } = accepted;
    expect(await stage.admin.certificates.get(id)).toMatchObject({
      names: ['www.example.org'],
      state: 'pending',
      used_by: [{ virtual_host_id: host, deployed_version_id: null }],
      last_operation_id: operationId,
    });
    expect(await stage.admin.operations.get(operationId)).toMatchObject({
      kind: 'issue',
      status: 'accepted',
      steps: [],
    });
    expect((await stage.admin.certificates.operations(id)).items).toHaveLength(1);
    expect((await stage.admin.certificates.versions(id)).items).toEqual([]);
    await eventually(async () => {
      const raw = await stage.around.client.xrange(streams.certRequests, '-', '+');
      const bodies = raw.map(([, fields]) => decodeEntry(certRequestsStream, fields).body);
      expect(bodies.filter((body) => body.certificate_id === id)).toEqual([
        { operation_id: operationId, certificate_id: id, kind: 'issue' },
      ]);
    });
    await expect(stage.admin.certificates.deploy(id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(stage.admin.certificates.revoke(id, 'keyCompromise')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await stage.admin.certificates.renew(id)).toMatchObject({ certificate_id: id });
  });

  it('what cannot be issued is refused, and nothing is stored', async () => {
    const count = async () => (await stage.admin.certificates.list({ total: 'true' })).total;
    const before = await count();
    const refused = (body: Parameters<Client['certificates']['create']>[0], path: string) =>
      expect(stage.admin.certificates.create(body)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ path }],
      });
    await refused({ names: ['*.example.org'] }, 'names.0');
    await refused({ names: ['*.example.org'], challenge: 'tls-alpn-01' }, 'names.0');
    await refused({ names: ['www.example.org'], issuer: 'nobody' }, 'issuer');
    await refused({ names: ['no name'] }, 'names.0');
    await expect(
      stage.admin.certificates.create({ names: ['www.example.org'], deploy_to: [randomUUID()] }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(stage.admin.certificates.renew(randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await count()).toBe(before);
  });

  it('many certificates at once: all are ordered or none, and a deployment keeps its order', async () => {
    const ids = await Promise.all(
      ['a', 'b'].map(
        async (name) =>
          (await stage.admin.certificates.create({ names: [`${name}.example.org`] })).certificate_id,
      ),
    );
    const [first = '', second = ''] = ids;
    await expect(
      stage.admin.certificates.batch({ kind: 'renew', certificate_ids: [first, randomUUID()] }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      stage.admin.certificates.batch({ kind: 'renew', certificate_ids: [first, first] }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((await stage.admin.certificates.operations(first)).items).toHaveLength(1);

    const { operations } = await stage.admin.certificates.batch({
      kind: 'renew',
      certificate_ids: [second, first],
    });
    expect(operations.map(({ certificate_id: id }) => id)).toEqual([second, first]);
    for (const { operation_id: id } of operations)
      expect(await stage.admin.operations.get(id)).toMatchObject({ kind: 'renew', rollout: null });

    // As if it had been issued.
    const host = await newVirtualHost();
    const version = randomUUID();
    await sql`INSERT INTO viw.certificate_versions (id, certificate_id, cert_pem, chain_pem, private_key_sealed, serial,
        fingerprint_sha256, issuer, names, not_before, not_after)
      VALUES (${version}, ${first}, '', '', '{}', '1', ${version}, 'test', '{a.example.org}', now(), now())`.execute(
      stage.around.owner,
    );
    await sql`UPDATE viw.certificates SET current_version_id = ${version} WHERE id = ${first}`.execute(
      stage.around.owner,
    );
    await sql`UPDATE viw.virtual_hosts SET certificate_id = ${first} WHERE id = ${host}`.execute(
      stage.around.owner,
    );
    const { operation_id: id } = await stage.admin.certificates.deploy(
      first,
      {},
      { canary: 2, concurrency: 3 },
    );
    const { rows } = await sql<{ parameters: unknown }>`
      SELECT parameters FROM viw.certificate_operations WHERE id = ${id}`.execute(stage.around.owner);
    expect(rows).toEqual([{ parameters: { rollout: { canary: 2, wave: 20, concurrency: 3 } } }]);
    await expect(stage.admin.certificates.deploy(first, {}, { concurrency: 0 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});
