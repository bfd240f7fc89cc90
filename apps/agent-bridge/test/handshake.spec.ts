import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { agentSessionsStream, leaseKey } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import type { Answer } from './test-agent';
import type { TestHub } from './test-hub';
import { matching } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

const expectRefusal = (answer: Answer, status: number, code: string): void => {
  expect(answer).toMatchObject({ status, body: { error: { code } } });
  expect(answer.headers['content-type']).toBe('application/json');
  expect(Math.abs(Date.parse(answer.body.server_time ?? '') - Date.now())).toBeLessThan(60_000);
};

describe('refused before the upgrade', () => {
  const skewed = 5 * 60_000 + 5_000;
  it.each([
    ['a wrong signature', 401, 'BAD_SIGNATURE', (id: string) => signed(id, { secret: 'another secret' })],
    ['a signature for another path', 401, 'BAD_SIGNATURE', (id: string) => signed(id, { path: '/agent' })],
    [
      'another id than the signed one',
      401,
      'BAD_SIGNATURE',
      (id: string) => ({ ...signed(uniqueAgent()), 'X-Agent-Id': id }),
    ],
    ['a clock that is slow', 401, 'CLOCK_SKEW', (id: string) => signed(id, { now: Date.now() - skewed })],
    ['a clock that is fast', 401, 'CLOCK_SKEW', (id: string) => signed(id, { now: Date.now() + skewed })],
    ['an id that is none', 400, 'BAD_REQUEST', (id: string) => ({ ...signed(id), 'X-Agent-Id': '../etc' })],
    ['a nonce that is none', 400, 'BAD_REQUEST', (id: string) => signed(id, { nonce: 'abc' })],
    [
      'another way of proof',
      401,
      'BAD_SIGNATURE',
      (id: string) => ({ ...signed(id), 'X-Agent-Auth': 'ed25519 AAAA' }),
    ],
    ['no proof at all', 400, 'BAD_REQUEST', () => ({})],
    [
      'a broken WebSocket key',
      400,
      'BAD_REQUEST',
      (id: string) => ({ ...signed(id), 'Sec-WebSocket-Key': 'x' }),
    ],
  ] as const)('%s: %i %s', async (_, status, code, headers) => {
    const id = uniqueAgent();
    expectRefusal(await upgrade(hub.port, headers(id)), status, code);
    expect(await stage.redis.exists(leaseKey(id))).toBe(0);
  });

  it.each(['X-Agent-Id', 'X-Timestamp', 'X-Nonce', 'X-Agent-Auth'])(
    'a missing %s: 400 BAD_REQUEST',
    async (name) => {
      const { [name as 'X-Nonce']: _, ...rest } = signed(uniqueAgent());
      const answer = await upgrade(hub.port, rest);
      expectRefusal(answer, 400, 'BAD_REQUEST');
      expect(answer.body.error?.msg).toContain(name);
    },
  );

  it('a replayed nonce: 409 REPLAYED_NONCE, also at another hub', async () => {
    const id = uniqueAgent();
    const agent = await dial(hub.url, id);
    const headers = signed(id);
    const other = await stage.startHub();
    await expect(upgrade(other.port, headers)).rejects.toThrow('let in');
    expectRefusal(await upgrade(other.port, headers), 409, 'REPLAYED_NONCE');
    expectRefusal(await upgrade(hub.port, headers), 409, 'REPLAYED_NONCE');
    await other.stop();
    agent.cut();
  });

  it('an id that is not on the allowlist: 403 NOT_ALLOWED', async () => {
    const allowed = uniqueAgent();
    const strict = await stage.startHub({ AGENT_BRIDGE_ALLOWED_AGENT_IDS: `gw-other, ${allowed}` });
    expectRefusal(await upgrade(strict.port, signed(uniqueAgent())), 403, 'NOT_ALLOWED');
    await (await dial(strict.url, allowed)).close();
    await strict.stop();
  });

  it('one more than the cap: 503 BUSY with Retry-After; the same agent may come back', async () => {
    const small = await stage.startHub({ AGENT_BRIDGE_MAX_CONN: '1' });
    const first = await dial(small.url, uniqueAgent());
    const answer = await upgrade(small.port, signed(uniqueAgent()));
    expectRefusal(answer, 503, 'BUSY');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await dial(small.url, first.id);
    expect(await first.closed).toBe(4409);
    await small.stop();
  });

  it('another path: 404, upgrade or not; a plain request to ours: 400', async () => {
    expect(await upgrade(hub.port, signed(uniqueAgent()), '/agent/ws/x')).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' } },
    });
    const status = (path: string, method: string) =>
      new Promise((resolve, reject) => {
        request({ port: hub.port, host: '127.0.0.1', path, method }, (response) =>
          resolve(response.statusCode),
        )
          .on('error', reject)
          .end('x');
      });
    expect(await status('/', 'GET')).toBe(404);
    expect(await status('/internal/metrics', 'POST')).toBe(404);
    expect(await status('/agent/ws', 'GET')).toBe(400);
  });

  it('what is not HTTP', async () => {
    const text = await new Promise<string>((resolve) => {
      const socket = connectTcp(hub.port, '127.0.0.1', () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
      socket.on('error', () => undefined);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is recorded in viw.agent_sessions and counted', async () => {
    const id = uniqueAgent();
    await upgrade(hub.port, signed(id, { now: 0 }));
    const [entry] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'rejected' && body.agent_id === id,
    );
    expect(entry).toMatchObject({ reason: 'CLOCK_SKEW', hub: hub.id, ip: '127.0.0.1' });
    expect(await hub.metrics()).toMatch(
      /viw_agent_rejects_total\{reason="CLOCK_SKEW",service="agent-bridge"\} \d/,
    );
  });
});

describe('let in', () => {
  it.each(['/agent/ws', '/ws/agent', '/agent'])(
    'on %s, with the subprotocol and without compression',
    async (path) => {
      const agent = await dial(hub.url, uniqueAgent(), { path });
      expect(agent.protocol).toBe('viworks-agent-v1');
      expect(agent.extensions).toBe('');
      const ack = await agent.next('HELLO_ACK');
      expect(ack).toMatchObject({
        agent_id: agent.id,
        supported: expect.arrayContaining(['HELLO', 'RESULT']) as string[],
      });
      // It is renewed: on a busy machine one may be looked at that has nearly run out.
      await eventually(async () => {
        expect(await stage.redis.hgetall(leaseKey(agent.id))).toMatchObject({
          hub: hub.id,
          conn_id: ack.conn_id,
        });
        expect(await stage.redis.pttl(leaseKey(agent.id))).toBeGreaterThan(1_500);
      });
      expect(await agent.close()).toBe(1000);
    },
  );

  it('gives the lease back when the agent leaves, and the epoch rises with each connection', async () => {
    const id = uniqueAgent();
    const first = await join(hub.url, id);
    await first.close();
    const second = await join(hub.url, id);
    second.cut();
    const ended = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'disconnected' && body.agent_id === id,
      2,
    );
    expect(ended).toMatchObject([{ reason: 'shutdown', code: 1000 }, { reason: 'error' }]);
    const epochs = ended.map((body) => ('epoch' in body ? body.epoch : 0));
    expect(epochs[1]).toBeGreaterThan(epochs[0] ?? Infinity);
    await eventually(async () => expect(await stage.redis.exists(leaseKey(id))).toBe(0));
  });

  it('a half-open predecessor on the same hub is closed with 4409 at once', async () => {
    const id = uniqueAgent();
    const first = await join(hub.url, id);
    const second = await join(hub.url, id);
    expect(await first.closed).toBe(4409);
    const session = second.all('WELCOME')[0]?.session_id;
    const [replaced] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'replaced' && body.agent_id === id,
    );
    expect(replaced).toMatchObject({ by_session_id: session });
    expect((await stage.redis.hgetall(leaseKey(id)))['conn_id']).toBe(second.all('HELLO_ACK')[0]?.conn_id);
    await second.close();
  });
});
