import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from '@viw/client';
import { createClient } from '@viw/client';
import { commandsStream, streams } from '@viw/contracts';
import type { RunCommandBody } from '@viw/contracts';
import { decodeEntry } from '@viw/streams';
import { eventually, freePort, startProgram, uniqueDatabase } from '@viw/testing';
import type { Program } from '@viw/testing';
import { build } from 'esbuild';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { setupToken, surroundings } from './surroundings';
import { startBackend, uniqueAgent } from './test-backend';

let around: Surroundings;
// Beside the real bundle, from where Node finds what is left out of it.
const bundle = resolve(__dirname, `../dist/under-test-${process.pid}.js`);

beforeAll(async () => {
  around = await surroundings();
  await build({
    entryPoints: [resolve(__dirname, '../src/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    external: ['pg-native', '@node-rs/argon2'],
  });
}, 60_000);

afterAll(async () => {
  await rm(bundle, { force: true });
  await around?.close();
});

async function publishedRuns(): Promise<(RunCommandBody & { event_id: string })[]> {
  const raw = await around.client.xrange(streams.commands, '-', '+');
  return raw.map(([, fields]) => {
    const { header, body } = decodeEntry(commandsStream, fields);
    return { ...(body as RunCommandBody), event_id: header.event_id };
  });
}

async function stored(agentId: string): Promise<{ correlation_id: string; jws: string; status: string }[]> {
  const { rows } = await sql<{ correlation_id: string; jws: string; status: string }>`
    SELECT correlation_id, jws, status FROM viw.agent_commands WHERE agent_id = ${agentId} ORDER BY accepted_at`.execute(
    around.owner,
  );
  return rows;
}

const registered = async (client: Client): Promise<string> => {
  const agentId = uniqueAgent();
  await client.gateways.register({ agent_id: agentId });
  return agentId;
};

describe('an accepted command', () => {
  it('is published in order once Redis is back, when it was accepted without', async () => {
    const backend = await startBackend(around);
    try {
      const client = await backend.as('admin');
      const agentId = await registered(client);
      await around.redis.kill();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++)
        ids.push((await client.commands.run(agentId, { command: 'list_users' })).correlation_id);
      expect((await stored(agentId)).map(({ status }) => status)).toEqual(Array(5).fill('accepted'));
      await around.redis.restart();
      await eventually(
        async () => {
          const runs = (await publishedRuns()).filter(({ agent_id: agent }) => agent === agentId);
          expect([...new Set(runs.map(({ correlation_id: id }) => id))]).toEqual(ids);
        },
        { timeoutMs: 30_000 },
      );
      await eventually(async () =>
        expect((await stored(agentId)).map(({ status }) => status)).toEqual(Array(5).fill('queued')),
      );
    } finally {
      await backend.stop();
    }
  });

  it('is published exactly as accepted, when the backend was killed before it could', async () => {
    const first = await launch();
    const key = await firstKey(first.url);
    const client = createClient({ baseUrl: first.url, auth: { kind: 'apiKey', key } });
    const agentId = await registered(client);
    await eventually(async () => {
      const { rows } = await sql`SELECT 1 FROM viw.outbox WHERE published_at IS NULL`.execute(around.owner);
      expect(rows).toEqual([]);
    });
    // Redis is away, so that the kill surely falls between acceptance and publication.
    await around.redis.kill();
    const { correlation_id: id } = await client.commands.run(agentId, { command: 'list_users', ttl_s: 300 });
    await first.program.kill('SIGKILL');
    const [accepted] = await stored(agentId);
    expect(accepted).toMatchObject({ correlation_id: id, status: 'accepted' });

    const second = await launch();
    await around.redis.restart();
    await eventually(
      async () => {
        const runs = (await publishedRuns()).filter(({ agent_id: agent }) => agent === agentId);
        expect(new Set(runs.map(({ event_id: event }) => event)).size).toBe(1);
        expect(runs[0]).toMatchObject({ correlation_id: id, jws: accepted?.jws });
      },
      { timeoutMs: 30_000 },
    );
    const again = createClient({ baseUrl: second.url, auth: { kind: 'apiKey', key } });
    await eventually(async () => expect((await again.commands.get(agentId, id)).status).toBe('queued'));
    expect(await second.program.stop()).toMatchObject({ code: 0 });
  });

  it('is published by another backend, when the one that published was killed', async () => {
    const [one, two] = [await launch(), await launch()];
    const authorised = await backendKey();
    const client = createClient({ baseUrl: two.url, auth: { kind: 'apiKey', key: authorised } });
    const agentId = await registered(client);
    await one.program.kill('SIGKILL');
    const { correlation_id: id } = await client.commands.run(agentId, { command: 'list_users' });
    await eventually(
      async () => {
        expect((await publishedRuns()).map(({ correlation_id: each }) => each)).toContain(id);
      },
      { timeoutMs: 30_000 },
    );
    expect(await two.program.stop()).toMatchObject({ code: 0 });
  });
});

describe('the program', () => {
  it('is off unless enabled', async () => {
    const program = await startProgram({ name: 'backend', argv: [process.execPath, bundle] });
    expect(await program.exited).toMatchObject({ code: 0 });
    expect(program.output()).toContain('backend is disabled');
  });

  it('migrates with an account of its own, and says why when it cannot', async () => {
    const migrate = async (url: string) => {
      const program = await startProgram({
        name: 'migrate',
        argv: [process.execPath, bundle, 'migrate'],
        env: { BACKEND_MIGRATION_DATABASE_URL: url },
      });
      return { ...(await program.exited), output: program.output() };
    };
    const { url } = await uniqueDatabase();
    expect(await migrate(url)).toMatchObject({ code: 0 });
    expect(await migrate(url)).toMatchObject({
      code: 0,
      output: expect.stringContaining('0 applied now') as string,
    });
    expect(await migrate('postgresql://nobody:planted-canary@127.0.0.1:1/none')).toMatchObject({
      code: 1,
      output: expect.not.stringContaining('planted-canary') as string,
    });
  });
});

let savedKey: string | undefined;
async function backendKey(): Promise<string> {
  if (savedKey === undefined) throw new Error('the first administrator was not made');
  return savedKey;
}

async function firstKey(url: string): Promise<string> {
  const person = createClient({ baseUrl: url, auth: { kind: 'session' } });
  const admin = { email: 'admin@example.org', password: 'a password of these tests' };
  await sql`DELETE FROM viw.administrators`.execute(around.owner);
  await person.setup({ setup_token: setupToken, ...admin });
  await person.session.signIn(admin);
  const { id } = await person.apiClients.create({ name: `first ${Date.now()}`, role: 'admin' });
  savedKey = (await person.apiClients.createKey(id)).key;
  return savedKey;
}

async function launch(): Promise<{ program: Program; url: string }> {
  const port = await freePort();
  const program = await startProgram({
    name: 'backend',
    argv: [process.execPath, bundle],
    env: { ...around.environment, BACKEND_BIND: `127.0.0.1:${port}` },
    readyWhen: { url: `http://127.0.0.1:${port}/agent/_health` },
    // As long as it takes on a busy machine: that it stops by itself is what counts.
    stopTimeoutMs: 30_000,
  });
  return { program, url: `http://127.0.0.1:${port}` };
}
