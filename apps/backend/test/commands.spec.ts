import { randomUUID } from 'node:crypto';
import { CommandVerifier, openArguments } from '@viw/commands';
import type { Client } from '@viw/client';
import { commandsStream, streams } from '@viw/contracts';
import type { RunCommandBody } from '@viw/contracts';
import { decodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let operator: Client;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  operator = await backend.as('operator');
  admin = await backend.as('admin');
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

async function newGateway({ sealed = true } = {}): Promise<string> {
  const id = uniqueAgent();
  const keys = sealed ? { public_keys: { sealing: around.sealing.publicKey } } : {};
  await admin.gateways.register({ agent_id: id, ...keys });
  return id;
}

/** Entries of viw.commands for a gateway. */
async function entriesFor(agentId: string) {
  const raw = await around.client.xrange(streams.commands, '-', '+');
  return raw
    .map(([, fields]) => decodeEntry(commandsStream, fields))
    .filter(({ body }) => body.agent_id === agentId) as {
    header: { correlation_id?: string };
    body: RunCommandBody;
  }[];
}

const published = (agentId: string, count = 1) =>
  eventually(async () => {
    const entries = await entriesFor(agentId);
    if (entries.length < count) throw new Error(`${entries.length} of ${count} entries`);
    return entries;
  });

async function contentOf(key: string): Promise<unknown> {
  const { client } = around;
  switch (await client.type(key)) {
    case 'stream':
      return client.xrange(key, '-', '+');
    case 'hash':
      return client.hgetall(key);
    case 'zset':
      return client.zrange(key, '0', '-1');
    case 'set':
      return client.smembers(key);
    default:
      return client.get(key);
  }
}

describe('a command', () => {
  it('is accepted, published, signed and sealed; its password is nowhere in clear', async () => {
    const agentId = await newGateway();
    const password = `Planted-${randomUUID()}`;
    const { correlation_id: id } = await operator.commands.run(agentId, {
      command: 'create_panel_user',
      parameters: { username: 'anna', password },
      ttl_s: 120,
    });

    const [entry] = await published(agentId);
    expect(entry?.header.correlation_id).toBe(id);
    expect(entry?.body).toMatchObject({
      kind: 'run',
      correlation_id: id,
      verb: 'create_panel_user',
      timeout_s: 30,
    });
    const verifier = new CommandVerifier({ trustedKeys: [around.signing.publicKey] });
    const claims = await verifier.verify(entry?.body.jws ?? '', {
      agentId,
      verb: 'create_panel_user',
      correlationId: id,
    });
    expect(claims.exp - claims.iat).toBe(120);
    expect(claims.actor.role).toBe('operator');
    const opened = await openArguments(claims.verb, claims.args, around.sealing.privateKey, {
      correlationId: id,
      agentId,
    });
    expect(opened.args).toEqual({ username: 'anna', password });

    const record = await eventually(async () => {
      const found = await operator.commands.get(agentId, id);
      expect(found.status).toBe('queued');
      return found;
    });
    expect(record.parameters).toEqual({ username: 'anna', password: '***' });
    expect(await operator.commands.list(agentId)).toMatchObject({
      items: [{ correlation_id: id }],
      next_cursor: null,
    });

    const { rows: tables } = await sql<{ name: string }>`SELECT format('%I.%I', schemaname, tablename) AS name
      FROM pg_tables WHERE schemaname = 'viw'`.execute(around.owner);
    for (const { name } of tables) {
      const { rows } =
        await sql`SELECT 1 FROM ${sql.raw(name)} AS t WHERE position(${password} in t::text) > 0`.execute(
          around.owner,
        );
      expect([name, rows.length]).toEqual([name, 0]);
    }
    for (const key of await around.client.keys('*')) {
      expect(JSON.stringify(await contentOf(key))).not.toContain(password);
    }
    expect(backend.log.join('\n')).not.toContain(password);
  });

  it('answers 202 with Location, and the seed’s address does the same', async () => {
    const agentId = await newGateway();
    const key = await backend.key('operator');
    for (const path of [`/admin/api/gateways/${agentId}/commands`, `/agent/commands/${agentId}`]) {
      const response = await fetch(backend.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ command: 'list_users' }),
      });
      expect(response.status).toBe(202);
      const { correlation_id: id } = (await response.json()) as { correlation_id: string };
      expect(response.headers.get('location')).toBe(`/admin/api/gateways/${agentId}/commands/${id}`);
    }
  });

  it('with other secrets under a correlation id that was used is refused, not taken for the first one', async () => {
    const agentId = await newGateway();
    const run = (password: string, correlationId: string) =>
      operator.commands.run(
        agentId,
        {
          command: 'create_panel_user',
          parameters: { username: 'anna', password },
          correlation_id: correlationId,
        },
        { idempotencyKey: randomUUID() },
      );
    const id = randomUUID();
    await run('the first password', id);
    await expect(run('the second password', id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('the same Idempotency-Key or correlation id gives the first answer and one entry', async () => {
    const agentId = await newGateway();
    const request = { command: 'delete_user', parameters: { username: 'anna' } };
    const idempotencyKey = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => operator.commands.run(agentId, request, { idempotencyKey })),
    );
    expect(new Set(answers.map(({ correlation_id: id }) => id)).size).toBe(1);
    const own = randomUUID();
    const byId = { ...request, correlation_id: own };
    expect(await operator.commands.run(agentId, byId)).toEqual({ correlation_id: own });
    expect(await operator.commands.run(agentId, byId)).toEqual({ correlation_id: own });
    await published(agentId, 2);
    expect((await operator.commands.list(agentId)).items).toHaveLength(2);

    const other = { command: 'delete_user', parameters: { username: 'berta' } };
    const conflict = { code: 'CONFLICT', status: 409 };
    await expect(operator.commands.run(agentId, other, { idempotencyKey })).rejects.toMatchObject(conflict);
    await expect(operator.commands.run(agentId, { ...other, correlation_id: own })).rejects.toMatchObject(
      conflict,
    );
    await expect(admin.commands.run(agentId, byId)).rejects.toMatchObject(conflict);
  });

  it('gives the first answer again also when the gateway would take no such command any more', async () => {
    const agentId = await newGateway();
    const idempotencyKey = randomUUID();
    const parameters = { username: 'anna', password: 'a password' };
    const run = () =>
      operator.commands.run(agentId, { command: 'create_panel_user', parameters }, { idempotencyKey });
    const first = await run();
    await sql`UPDATE viw.os_gateways SET supported_verbs = '["list_users"]' WHERE agent_id = ${agentId}`.execute(
      around.owner,
    );
    expect(await run()).toEqual(first);
    expect((await operator.commands.list(agentId)).items).toHaveLength(1);
  });

  it('another password under the same key is another request', async () => {
    const agentId = await newGateway();
    const idempotencyKey = randomUUID();
    const run = (password: string) =>
      operator.commands.run(
        agentId,
        { command: 'create_panel_user', parameters: { username: 'anna', password } },
        { idempotencyKey },
      );
    const first = await run('a first password');
    expect(await run('a first password')).toEqual(first);
    await expect(run('another password')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('a gateway takes 100 open commands, then says when to come back', async () => {
    const agentId = await newGateway();
    for (let i = 0; i < 100; i += 20)
      await Promise.all(
        Array.from({ length: 20 }, () => operator.commands.run(agentId, { command: 'list_users' })),
      );
    await expect(operator.commands.run(agentId, { command: 'list_users' })).rejects.toMatchObject({
      status: 429,
      code: 'QUEUE_FULL',
      retryAfterS: 5,
    });
    expect(await published(agentId, 100)).toHaveLength(100);
  });

  it('is cancelled by an entry behind it, once; what has ended or is not there cannot be', async () => {
    const agentId = await newGateway();
    const { correlation_id: id } = await operator.commands.run(agentId, { command: 'list_users' });
    expect(await operator.commands.cancel(agentId, id)).toEqual({ correlation_id: id });
    expect(await operator.commands.cancel(agentId, id)).toEqual({ correlation_id: id });
    const entries = await published(agentId, 2);
    expect(entries.map(({ body }) => body)).toMatchObject([
      { kind: 'run', correlation_id: id },
      { kind: 'cancel', correlation_id: id, agent_id: agentId },
    ]);
    await expect(operator.commands.cancel(agentId, randomUUID())).rejects.toMatchObject({ status: 404 });
    await expect(operator.commands.cancel(await newGateway(), id)).rejects.toMatchObject({ status: 404 });
    await sql`UPDATE viw.agent_commands SET status = 'succeeded' WHERE correlation_id = ${id}`.execute(
      around.owner,
    );
    await expect(operator.commands.cancel(agentId, id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('that nobody delivers ends as expired', async () => {
    const agentId = await newGateway();
    const { correlation_id: id } = await operator.commands.run(agentId, { command: 'list_users', ttl_s: 1 });
    await published(agentId);
    // As if the grace were over as well.
    await sql`UPDATE viw.agent_commands SET expires_at = now() - interval '1 minute' WHERE correlation_id = ${id}`.execute(
      around.owner,
    );
    await eventually(async () => {
      expect(await operator.commands.get(agentId, id)).toMatchObject({
        status: 'expired',
        reason: 'not delivered in time',
      });
    });
  });
});
