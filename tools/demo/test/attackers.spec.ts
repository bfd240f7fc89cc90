import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { HelperClient, verifyResult } from '@viw/commands';
import type { SignedResult } from '@viw/commands';
import {
  commandResultsStream,
  gatewayRegistryStream,
  registrySnapshotKey,
  resultFrame,
  streams,
} from '@viw/contracts';
import type { ResultFrame } from '@viw/contracts';
import { eventually, freePort, startRedis } from '@viw/testing';
import type { Program, Redis as RedisServer } from '@viw/testing';
import Redis from 'ioredis';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { AttackedHost, agentId } from './attacked-host';
import type { OrderedCommand } from './attacked-host';

/**
 * Somebody has taken a part of the way from the backend to the host, and tries to have something done as root. In each test
 * a genuine command takes the same way, so that a refusal is one of the forgery and not of the way.
 */
const host = new AttackedHost();
const refused = { status: 'denied', error: { code: 'INVALID_SIGNATURE' } };

beforeAll(async () => {
  await host.prepare();
  await host.startHelper();
}, 60_000);
afterAll(() => host.stop());

/** Only the helper can have signed it: it was the helper that decided. */
const decidedByTheHelper = async ({ sig, error, ...result }: ResultFrame): Promise<void> => {
  const signed: SignedResult = { ...result, ...(error && { error }) };
  if (host.publicKeys.signing === undefined) throw new Error('the helper has no signing key');
  await verifyResult(host.publicKeys.signing, signed, sig ?? '');
};

const genuine = { username: 'alice', password: 'a password of hers' };

/** Nothing but what the genuine commands of this test ordered has run. */
async function onlyGenuineOnesRun(attack: () => Promise<void>): Promise<void> {
  const before = host.runs.length;
  await attack();
  expect(host.runs.slice(before)).toEqual([genuine.username]);
  expect(host.runs).not.toContain('mallory');
}

/** The agent's way to the helper. */
const client = () => new HelperClient({ socketPath: host.socketPath, secret: host.helperSecret, agentId });

describe('a writer in Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  let hubUrl: string;
  let agent: Program | undefined;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    await putRegistry(1);
    const [port, ops] = [await freePort(), await freePort()];
    await host.startHub(port, ops, server.url);
    hubUrl = `ws://127.0.0.1:${port}/agent/ws`;
  }, 60_000);
  afterEach(() => agent?.stop());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  async function putRegistry(version: number, host_policies: string[] = []): Promise<void> {
    const gateways = [{ agent_id: agentId, state: 'active' }];
    const snapshot = JSON.stringify({ version, frozen: false, gateways, host_policies });
    await redis.hset(registrySnapshotKey, 'version', version, 'body', snapshot);
  }

  async function add({ correlationId, verb, jws }: OrderedCommand): Promise<void> {
    const now = Date.now();
    const body = {
      kind: 'run',
      correlation_id: correlationId,
      agent_id: agentId,
      verb,
      accepted_at: new Date(now).toISOString(),
      expires_at: new Date(now + 60_000).toISOString(),
      timeout_s: 30,
      jws,
    };
    const header = ['event_id', randomUUID(), 'ts', new Date(now).toISOString(), 'v', '1'];
    await redis.xadd(streams.commands, '*', ...header, 'body', JSON.stringify(body));
  }

  const resultOf = ({ correlationId }: OrderedCommand): Promise<ResultFrame> =>
    eventually(
      async () => {
        for (const [, fields] of await redis.xrange(streams.commandResults, '-', '+')) {
          const text = fields[fields.indexOf('body') + 1] ?? '';
          const { result } = commandResultsStream.body.parse(JSON.parse(text));
          if (result.correlation_id === correlationId) return { type: 'RESULT', ...result };
        }
        throw new Error('no result yet');
      },
      { what: 'the result', timeoutMs: 30_000, everyMs: 50 },
    );

  it.each([
    ['to an agent that does its part', () => [host.backend]],
    ['to an agent that believes anybody', () => [host.backend, host.forger]],
  ])('orders a command with a signature of their own, %s', async (_which, trusts) => {
    agent = await host.startAgent(hubUrl, trusts());
    await onlyGenuineOnesRun(async () => {
      for (const by of [host.forger, host.masked]) {
        const forged = await host.order(by);
        await add(forged);
        const result = await resultOf(forged);
        expect(result).toMatchObject(refused);
        if (trusts().length > 1 && by === host.forger) await decidedByTheHelper(result);
      }
      const order = await host.order(host.backend, genuine);
      await add(order);
      expect(await resultOf(order)).toMatchObject({ status: 'success' });
      // Genuine, but with another name on the envelope: neither the verb nor the command may be exchanged.
      const moved = { ...(await host.order(host.backend)), correlationId: randomUUID() };
      await add(moved);
      expect(await resultOf(moved)).toMatchObject(refused);
    });
  });

  it('spreads keys of their own as the backend’s', async () => {
    agent = await host.startAgent(hubUrl, [host.backend]);
    await onlyGenuineOnesRun(async () => {
      const policies = await host.usurpation();
      await putRegistry(2, policies);
      const header = ['event_id', randomUUID(), 'ts', new Date().toISOString(), 'v', '1'];
      const delta = { kind: 'host_policy', version: 2, policies };
      await redis.xadd(gatewayRegistryStream.stream, '*', ...header, 'body', JSON.stringify(delta));
      await eventually(() => expect(agent?.output()).toContain('"event":"host_policy_not_adopted"'));
      const forged = await host.order(host.forger);
      await add(forged);
      expect(await resultOf(forged)).toMatchObject(refused);
      const order = await host.order(host.backend, genuine);
      await add(order);
      expect(await resultOf(order)).toMatchObject({ status: 'success' });
    });
  });
});

describe('a hub', () => {
  let hub: WebSocketServer;
  const results: ResultFrame[] = [];
  let socket: WebSocket | undefined;

  beforeAll(async () => {
    hub = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(hub, 'listening');
    hub.on('connection', (connected) => {
      socket = connected;
      const send = (frame: object): void => connected.send(JSON.stringify(frame));
      const now = (): string => new Date().toISOString();
      send({ type: 'HELLO_ACK', server_time: now(), supported: [], agent_id: agentId, conn_id: '1' });
      connected.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString('utf8')) as { type: string };
        if (frame.type === 'HELLO')
          send({
            type: 'WELCOME',
            session_id: 's-1',
            heartbeat_s: 20,
            cmd_timeout_s: 60,
            now: now(),
            server_nonce: randomUUID(),
          });
        if (frame.type !== 'RESULT') return;
        const result = resultFrame.parse(frame);
        results.push(result);
        const { result_id, correlation_id } = result;
        send({ type: 'RESULT_ACK', result_id, correlation_id });
      });
    });
    // The worst case: the agent believes the hub's own key.
    const { port } = hub.address() as AddressInfo;
    await host.startAgent(`ws://127.0.0.1:${port}/agent/ws`, [host.backend, host.forger]);
    await eventually(() => expect(socket?.readyState).toBe(1));
  });
  afterAll(() => {
    for (const client of hub.clients) client.terminate();
    hub.close();
  });

  async function command({ correlationId, verb, jws }: OrderedCommand): Promise<ResultFrame> {
    const before = results.length;
    const now = Date.now();
    const frame = {
      type: 'COMMAND',
      correlation_id: correlationId,
      agent_id: agentId,
      verb,
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + 60_000).toISOString(),
      nonce: randomUUID(),
      jws,
    };
    socket?.send(JSON.stringify(frame));
    return eventually(
      () => {
        const result = results.slice(before).find((each) => each.correlation_id === correlationId);
        if (result === undefined) throw new Error('no result yet');
        return result;
      },
      { what: 'the result', timeoutMs: 30_000, everyMs: 20 },
    );
  }

  it('sends commands that it has made itself', async () => {
    await onlyGenuineOnesRun(async () => {
      const result = await command(await host.order(host.forger));
      expect(result).toMatchObject(refused);
      await decidedByTheHelper(result);
      expect(await command(await host.order(host.masked))).toMatchObject(refused);

      const order = await host.order(host.backend, genuine);
      expect(await command(order)).toMatchObject({ status: 'success' });
      // Once more, in a fresh envelope: answered, not done again.
      expect(await command(order)).toMatchObject({ status: 'success' });
    });
  });

  it('announces keys of its own as the backend’s', async () => {
    await onlyGenuineOnesRun(async () => {
      socket?.send(JSON.stringify({ type: 'HOST_POLICY', policies: await host.usurpation() }));
      const result = await command(await host.order(host.forger));
      expect(result).toMatchObject(refused);
      await decidedByTheHelper(result);
      // The agent has been talked into it, and would pass on nothing of the backend's. Not so the helper.
      const order = await host.order(host.backend, genuine);
      expect(await client().call({ ...order, timeoutMs: 60_000 })).toMatchObject({ status: 'success' });
    });
  });
});

describe('an agent', () => {
  it('asks the helper, with the right HMAC, for what nobody has signed', async () => {
    await onlyGenuineOnesRun(async () => {
      for (const by of [host.forger, host.masked])
        expect(await client().call({ ...(await host.order(by)), timeoutMs: 60_000 })).toMatchObject(refused);
      const unsigned = {
        verb: 'create_panel_user',
        args: { username: 'mallory', password: 'let-mallory-in' },
      };
      expect(await client().call({ ...unsigned, timeoutMs: 60_000 })).toMatchObject(refused);
      // Signed for one user, asked for with the arguments of another one.
      const order = await host.order(host.backend, genuine);
      expect(await client().call({ ...order, args: unsigned.args, timeoutMs: 60_000 })).toMatchObject({
        status: 'denied',
        error: { code: 'SCHEMA_MISMATCH' },
      });
      expect(await client().call({ ...order, timeoutMs: 60_000 })).toMatchObject({ status: 'success' });
    });
  });

  it('hands the helper keys of its own as the backend’s', async () => {
    await onlyGenuineOnesRun(async () => {
      const policies = await host.usurpation();
      for (const given of [policies, policies.slice(1)])
        await expect(client().adoptPolicies(given)).rejects.toMatchObject({ code: 'INVALID_SIGNATURE' });
      const forged = await host.order(host.forger);
      expect(await client().call({ ...forged, timeoutMs: 60_000 })).toMatchObject(refused);
      const order = await host.order(host.backend, genuine);
      expect(await client().call({ ...order, timeoutMs: 60_000 })).toMatchObject({ status: 'success' });
    });
  });
});
