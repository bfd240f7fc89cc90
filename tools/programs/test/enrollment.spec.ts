import { randomBytes } from 'node:crypto';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Client, createClient } from '@viw/client';
import { commandResultsStream } from '@viw/contracts';
import { decodeEntry } from '@viw/streams';
import { eventually, freePort } from '@viw/testing';
import { type TestHub, startHubOnly } from '../../../apps/agent-bridge/test/test-hub';
import { signed, upgrade } from '../../../apps/agent-bridge/test/test-agent';
import { type Surroundings, surroundings } from '../../../apps/backend/test/surroundings';
import { type TestBackend, startBackend, uniqueAgent } from '../../../apps/backend/test/test-backend';
import { TestHost } from './gateway-host';

/** A backend and hubs as they are built, an agent and a helper as they are shipped. */
let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let hub: TestHub;
let hubPort: number;
let bundles: Awaited<ReturnType<typeof TestHost.bundle>>;
let host: TestHost;

const startHub = (): Promise<TestHub> =>
  startHubOnly(around.redis.url, {
    AGENT_BRIDGE_BIND: `127.0.0.1:${hubPort}`,
    AGENT_BRIDGE_HUB_ID: 'hub-1',
    AGENT_BRIDGE_ED25519: 'true',
  });

beforeAll(async () => {
  [around, bundles, hubPort] = await Promise.all([surroundings(), TestHost.bundle(), freePort()]);
  backend = await startBackend(around, {
    environment: {
      BACKEND_AGENT_HUB_URLS: `ws://127.0.0.1:${hubPort}`,
      BACKEND_AGENT_KEY_OVERLAP_S: '0',
    },
  });
  admin = await backend.signIn();
  hub = await startHub();
}, 90_000);

afterAll(async () => {
  await hub?.stop();
  await backend?.stop();
  await around?.close();
  if (bundles !== undefined) await rm(dirname(bundles['host-helper']), { recursive: true });
});

beforeEach(async () => {
  host = await TestHost.make(bundles);
});
afterEach(() => host.end());

async function newToken(): Promise<{ id: string; token: string }> {
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  return { id, token: (await admin.gateways.issueEnrollmentToken(id)).token };
}

async function enrol(token: string, ...more: string[]) {
  const keys = await host.helperCommand(['keys']);
  await writeFile(host.path('helper-public.json'), keys.stdout);
  await writeFile(host.path('token'), `${token}\n`, { mode: 0o600 });
  return host.agentCommand([
    'enroll',
    `--url=${backend.url}`,
    `--token-file=${host.path('token')}`,
    `--helper-keys=${host.path('helper-public.json')}`,
    `--command-keys=${host.path('command-keys.json')}`,
    ...more,
  ]);
}

const status = async () => {
  const { stdout } = await host.agentCommand(['status', '--json']);
  return JSON.parse(stdout) as {
    session_id: string | null;
    connection: { connected: boolean; since: string };
    identity: { way: string; key_made_at: string };
    acknowledged: { seq: number | null };
  };
};
/** As the hub knows it. */
const registryVersion = async (): Promise<number> => {
  const text = await (await fetch(`${hub.opsUrl}/internal/readyz`)).text();
  return Number(/version (\d+),/.exec(text)?.[1]);
};

const inSession = () =>
  eventually(
    async () => {
      const now = await status();
      expect(now.session_id).not.toBeNull();
      return now;
    },
    { timeoutMs: 30_000 },
  );

const resultOf = (correlationId: string) =>
  eventually(
    async () => {
      const entries = await around.client.xrange(commandResultsStream.stream, '-', '+');
      const found = entries
        .map(([, fields]) => decodeEntry(commandResultsStream, fields).body.result)
        .find((each) => each.correlation_id === correlationId);
      if (found === undefined) throw new Error('no result yet');
      return found;
    },
    { timeoutMs: 30_000 },
  );

async function secondPerson(): Promise<Client> {
  const account = { email: 'second@example.org', password: randomBytes(12).toString('hex') };
  await admin.administrators.create({ ...account, role: 'operator' });
  const client = createClient({ baseUrl: backend.url, auth: { kind: 'session' } });
  await client.session.signIn(account);
  return client;
}

it('from the administrator’s token to a command that only the enrolled helper can read', async () => {
  const { id, token } = await newToken();
  const enrolled = await enrol(token);
  expect(enrolled).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining(`enrolled as ${id}`) as string,
  });
  expect((await stat(host.path('agent/identity.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(host.path('agent'))).mode & 0o777).toBe(0o700);
  expect(await readdir(host.path('agent'))).toEqual(['identity.json']);

  const helper = await host.startHelper(id);
  const agent = await host.startAgent();
  expect((await inSession()).identity.way).toBe('key');
  await eventually(async () => expect((await status()).acknowledged.seq).not.toBeNull(), {
    timeoutMs: 90_000,
  });

  // Neither the secret that all agents share nor a token that was used opens this gateway any more.
  expect(await upgrade(hub.port, signed(id))).toMatchObject({
    status: 403,
    body: { error: { code: 'NOT_ALLOWED' } },
  });

  const password = `canary ${randomBytes(8).toString('hex')}`;
  const { correlation_id } = await admin.commands.run(id, {
    command: 'create_panel_user',
    parameters: { username: 'alice', password },
  });
  expect(await resultOf(correlation_id)).toMatchObject({ status: 'success' });
  expect(await readFile(host.path('users'), 'utf8')).toBe('alice\n');

  // To the host one that has waited is like any other: sealed when it was asked for, signed when it was approved.
  await admin.verbPolicies.set('create_panel_user', { approval: 'second_person' });
  const waiting = await admin.commands.run(id, {
    command: 'create_panel_user',
    parameters: { username: 'bob', password },
  });
  expect(waiting.status).toBe('awaiting_approval');
  await (await secondPerson()).approvals.approve(waiting.correlation_id);
  expect(await resultOf(waiting.correlation_id)).toMatchObject({ status: 'success' });
  expect(await readFile(host.path('users'), 'utf8')).toBe('alice\nbob\n');
  const secretPart = token.slice(-20);
  for (const text of [agent.output(), helper.output(), enrolled.stdout, backend.log.join('')]) {
    expect(text).not.toContain(password);
    expect(text).not.toContain(secretPart);
    expect(text).not.toContain('PRIVATE KEY');
  }
}, 120_000);

it('is enrolled once: not by a used token, not over another identity unless told so', async () => {
  const first = await newToken();
  expect((await enrol(first.token)).code).toBe(0);
  const identity = await readFile(host.path('agent/identity.json'), 'utf8');
  const second = await newToken();
  expect(await enrol(second.token)).toMatchObject({
    code: 1,
    stderr: `viw-agent: this host is enrolled as ${first.id}; --force replaces that identity\n`,
  });
  const used = await enrol(first.token, '--force');
  expect(used).toMatchObject({
    code: 1,
    stderr: 'viw-agent: The enrolment token is unknown, was used, or its time is over\n',
  });
  expect(await readFile(host.path('agent/identity.json'), 'utf8')).toBe(identity);
  // This time the helper is asked for its keys by its socket.
  await writeFile(host.path('token'), second.token);
  await host.startHelper(second.id);
  const asked = await host.agentCommand(
    ['enroll', `--url=${backend.url}`, `--token-file=${host.path('token')}`, '--force'],
    { GATEWAY_AGENT_ID: second.id },
  );
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(await readFile(host.path('agent/identity.json'), 'utf8')).toContain(second.id);
  expect(await admin.gateways.get(second.id)).toMatchObject({ has_agent_key: true, has_sealing_key: true });
}, 60_000);

it('renews its key without losing its session; the next connection is by the new key, the old one opens nothing', async () => {
  const { id, token } = await newToken();
  expect((await enrol(token)).code).toBe(0);
  const old = await readFile(host.path('agent/identity.json'), 'utf8');
  await host.startAgent({ GATEWAY_AGENT_KEY_RENEW_DAYS: '0' });
  const before = await inSession();
  const version = await registryVersion();
  expect(await host.agentCommand(['renew'])).toMatchObject({ code: 0, stderr: '' });
  expect(await readFile(host.path('agent/identity.json'), 'utf8')).not.toBe(old);
  expect(await readdir(host.path('agent'))).not.toContain('next-key.pem');
  await eventually(async () => expect(await registryVersion()).toBe(version + 1));
  expect((await status()).session_id).toBe(before.session_id);

  // A hub that comes back knows the new key only: the overlap of this test is over at once.
  await hub.stop();
  hub = await startHub();
  await eventually(async () => expect((await inSession()).session_id).not.toBe(before.session_id), {
    timeoutMs: 30_000,
  });
  expect(backend.log.join('')).not.toContain(`key_renewal_refused`);

  await writeFile(host.path('agent/identity.json'), old, { mode: 0o600 });
  await hub.stop();
  hub = await startHub();
  await eventually(() => expect(hub.log.join('')).toContain('BAD_SIGNATURE'), { timeoutMs: 30_000 });
  expect((await host.agentCommand(['status'])).code).toBe(1);
  expect(hub.log.join('')).toContain(id);
}, 120_000);
