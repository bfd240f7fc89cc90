import { randomUUID } from 'node:crypto';
import {
  commandEventsStream,
  commandResultsStream,
  groups,
  hubAliveKey,
  hubStream,
  telemetryStream,
} from '@viw/contracts';
import { eventually } from '@viw/testing';
import { deleteFinished } from '../src/routing/finished-entries';
import { hubStage } from './hub-stage';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import type { TestHub } from './test-hub';
import { entries, matching, nothingLeft, publish, runCommand, untilPast } from './test-streams';

const stage = hubStage('each');
let hub: TestHub;

beforeEach(async () => {
  hub = await stage.startHub({ AGENT_BRIDGE_HEARTBEAT_S: '1' });
});

it('without Redis nothing is acknowledged; when it is back everything is, and nothing was lost', async () => {
  const agent = await join(hub.url, uniqueAgent());
  agent.telemetry(1);
  await eventually(async () => expect((await agent.next('HEARTBEAT')).ack_seq).toBe(1));
  await stage.server.kill();

  agent.telemetry(2);
  const correlationId = randomUUID();
  const resultId = agent.result(correlationId);
  const late = uniqueAgent();
  const refused = await upgrade(hub.port, signed(late));
  expect(refused).toMatchObject({ status: 503, body: { error: { code: 'BUSY' } } });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await fetch(`${hub.opsUrl}/internal/readyz`)).status).toBe(503);
  for (let beats = 0; beats < 2; beats++) expect((await agent.next('HEARTBEAT')).ack_seq).toBe(1);
  expect(agent.all('RESULT_ACK')).toEqual([]);

  await stage.server.restart();
  expect(await agent.next('RESULT_ACK')).toMatchObject({ result_id: resultId });
  await eventually(async () => expect((await agent.next('HEARTBEAT')).ack_seq).toBe(2));
  await eventually(() => expect(stage.redis.status).toBe('ready'));
  await matching(stage.redis, commandResultsStream, ({ result }) => result.result_id === resultId);
  await matching(stage.redis, telemetryStream, ({ frames }) =>
    frames.some(({ agent_id, seq }) => agent_id === agent.id && seq === 2),
  );
  await (await dial(hub.url, late)).close();
  await agent.close();
});

it('Redis killed between the dispatch and the result: the command ends, once', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const id = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await matching(stage.redis, commandEventsStream, (body) => body.correlation_id === id);
  await stage.server.kill();
  agent.send({ type: 'COMMAND_ACK', correlation_id: id, state: 'received' });
  agent.result(id);
  await stage.server.restart();
  await agent.next('RESULT_ACK', 20_000);
  await eventually(() => expect(stage.redis.status).toBe('ready'));
  await nothingLeft(stage.redis, hub.id, agent.id);
  const next = await publish(stage.redis, runCommand(agent.id));
  expect((await agent.next('COMMAND', 20_000)).correlation_id).toBe(next);
  expect(agent.all('COMMAND')).toHaveLength(2);
  agent.result(next);
  await nothingLeft(stage.redis, hub.id, agent.id);
  expect(await entries(stage.redis, commandResultsStream)).toHaveLength(2);
  await agent.close();
});

it('an agent that leaves while Redis is away finds its command after both are back', async () => {
  const id = uniqueAgent();
  const lost = await join(hub.url, id);
  const correlationId = await publish(stage.redis, runCommand(id));
  await lost.next('COMMAND');
  await matching(stage.redis, commandEventsStream, (body) => body.correlation_id === correlationId);
  await stage.server.kill();
  await lost.close();
  await stage.server.restart();
  const agent = await eventually(() => join(hub.url, id), { timeoutMs: 20_000 });
  expect((await agent.next('COMMAND', 20_000)).correlation_id).toBe(correlationId);
  await eventually(() => expect(stage.redis.status).toBe('ready'));
  agent.result(correlationId);
  await nothingLeft(stage.redis, hub.id, id);
  await agent.close();
});

it('leases and mailboxes are right again after Redis has lost its memory', async () => {
  const agent = await join(hub.url, uniqueAgent());
  await stage.redis.flushall();
  // Until the lease is renewed commands go to the mailbox; then they are fetched from it.
  const id = await publish(stage.redis, runCommand(agent.id));
  expect((await agent.next('COMMAND', 25_000)).correlation_id).toBe(id);
  agent.result(id);
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('deletes what a former life had finished and could not delete any more, and nothing else', async () => {
  const id = `hub-${randomUUID().slice(0, 8)}`;
  const stream = hubStream(id);
  await stage.redis.xgroup('CREATE', stream, groups.agentBridge, '0', 'MKSTREAM');
  const added = [];
  for (let n = 0; n < 250; n++) added.push(await stage.redis.xadd(stream, '*', 'n', String(n)));
  await stage.redis.xreadgroup('GROUP', groups.agentBridge, id, 'COUNT', 240, 'STREAMS', stream, '>');
  const held = ['3', '120', '239'];
  const finished = added.slice(0, 240).filter((_, n) => !held.includes(String(n)));
  await stage.redis.xack(stream, groups.agentBridge, ...(finished as string[]));

  await deleteFinished(stage.redis, id);
  const left = (await stage.redis.xrange(stream, '-', '+')).map(([, [, n]]) => n);
  expect(left).toEqual([...held, ...Array.from({ length: 10 }, (_, n) => String(240 + n))]);
  await deleteFinished(stage.redis, `hub-${randomUUID()}`);
});

it('an entry whose acknowledgement failed is kept until it is confirmed', async () => {
  const agent = await join(hub.url, uniqueAgent());
  const id = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  await stage.redis.call('ACL', 'SETUSER', 'default', '-xack');
  agent.result(id);
  await eventually(() => expect(hub.log.join()).toContain('stream_ack_delayed'));
  // Goes the way on which the entry would have been deleted, behind it.
  agent.telemetry(1);
  await eventually(async () => expect((await agent.next('HEARTBEAT')).ack_seq).toBe(1));
  expect(await stage.redis.xlen(hubStream(hub.id))).toBe(1);
  await stage.redis.call('ACL', 'SETUSER', 'default', '+xack');
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('ids without an entry, pending for whatever reason, hide no live command', async () => {
  const id = `hub-${randomUUID().slice(0, 8)}`;
  const stream = hubStream(id);
  await stage.redis.xgroup('CREATE', stream, groups.agentBridge, '0', 'MKSTREAM');
  const add = async (n: string): Promise<string> => (await stage.redis.xadd(stream, '*', 'n', n)) ?? '';
  const orphans: string[] = [];
  await add('held');
  for (let n = 0; n < 250; n++) orphans.push(await add('orphan'));
  await add('held');
  const finished: string[] = [];
  for (let n = 0; n < 300; n++) finished.push(await add('finished'));
  await stage.redis.xreadgroup('GROUP', groups.agentBridge, id, 'STREAMS', stream, '>');
  await stage.redis.xdel(stream, ...orphans);
  await stage.redis.xack(stream, groups.agentBridge, ...finished);

  await deleteFinished(stage.redis, id);
  expect((await stage.redis.xrange(stream, '-', '+')).map(([, [, n]]) => n)).toEqual(['held', 'held']);
  await stage.redis.del(stream);
});

it('a hub does so by itself', async () => {
  const stream = hubStream(hub.id);
  const finished = await stage.redis.xadd(stream, '*', 'any', 'thing');
  // The hub sets what it cannot read aside, acknowledges it, and leaves the entry.
  await eventually(async () => {
    expect((await stage.redis.xpending(stream, groups.agentBridge))[0]).toBe(0);
    expect((await stage.redis.xrange(stream, finished as string, finished as string)).length).toBe(0);
  });
});

it('a hub that cannot say that it lives sends nothing and ends nothing until it can again', async () => {
  const agent = await join(hub.url, uniqueAgent(), { max_concurrency: 1 });
  const running = await publish(stage.redis, runCommand(agent.id));
  await agent.next('COMMAND');
  const waiting = await publish(stage.redis, runCommand(agent.id));
  // Long enough for a busy machine to be mute by then.
  const shortUntil = new Date(Date.now() + 10_000).toISOString();
  const short = await publish(stage.redis, runCommand(agent.id, { expires_at: shortUntil }));
  const isPending = async (count: number) =>
    expect((await stage.redis.xpending(hubStream(hub.id), groups.agentBridge))[0]).toBe(count);
  await eventually(() => isPending(3));
  await stage.redis.call('ACL', 'SETUSER', 'default', '-sadd');
  await eventually(async () => expect(await stage.redis.exists(hubAliveKey(hub.id))).toBe(0));
  agent.result(running);
  await agent.next('RESULT_ACK');
  await untilPast(shortUntil);
  for (let beats = 0; beats < 2; beats++) await agent.next('HEARTBEAT');
  await isPending(2);
  expect(agent.all('COMMAND')).toHaveLength(1);

  await stage.redis.call('ACL', 'SETUSER', 'default', '+sadd');
  expect((await agent.next('COMMAND')).correlation_id).toBe(waiting);
  agent.result(waiting);
  await matching(
    stage.redis,
    commandEventsStream,
    (body) => body.correlation_id === short && body.state === 'expired',
  );
  await nothingLeft(stage.redis, hub.id, agent.id);
  await agent.close();
});

it('a hub that cannot read its own stream is not ready, although Redis answers', async () => {
  const id = `hub-${randomUUID().slice(0, 8)}`;
  await stage.redis.set(hubStream(id), 'no stream');
  const deaf = await stage.startHub({ AGENT_BRIDGE_HUB_ID: id });
  const readiness = async () => {
    const response = await fetch(`${deaf.opsUrl}/internal/readyz`);
    const { checks } = (await response.json()) as {
      checks: Record<string, { ok: boolean; reason?: string }>;
    };
    return { status: response.status, redis: checks['redis']?.ok, reason: checks['consumers']?.reason };
  };
  await eventually(async () =>
    expect(await readiness()).toEqual({
      status: 503,
      redis: true,
      reason: 'hub-inbox cannot read from Redis',
    }),
  );
  await stage.redis.del(hubStream(id));
  await eventually(async () => expect(await readiness()).toEqual({ status: 200, redis: true }));
  await deaf.stop();
});
