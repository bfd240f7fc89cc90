import {
  agentSessionsStream,
  bridgeAlertsStream,
  contestsKey,
  keptEntries,
  leaseKey,
  mailboxStream,
  streams,
} from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { AlertsBody } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { dial, join, signed, uniqueAgent, upgrade } from './test-agent';
import type { TestHub } from './test-hub';
import { matching, nothingLeft, publish, runCommand } from './test-streams';

const stage = hubStage();
let hub: TestHub;
let other: TestHub;

/** No lease and no contest runs out by itself. */
const slowRenewal = { leaseRenewal: 600_000, contest: 600_000 };

/** As if nobody but the one that is connected had asked for the id for long enough. */
const otherGivesUp = (agentId: string): Promise<unknown> =>
  stage.redis.zadd(contestsKey, 'XX', Date.now() - 1, agentId);

beforeAll(async () => {
  hub = await stage.startHub({}, slowRenewal);
  other = await stage.startHub({}, slowRenewal);
});

afterAll(async () => {
  await Promise.all([hub.stop(), other.stop()]);
});

const [a, b] = ['127.0.0.1', '127.0.0.2'];

const alert = (agentId: string, action: AlertsBody['action'], count = 1): Promise<AlertsBody[]> =>
  matching(
    stage.redis,
    bridgeAlertsStream,
    (body) => body.dedupe_key.endsWith(`:${agentId}`) && body.action === action,
    count,
  );

const refused = (target: TestHub, id: string, from: string) =>
  upgrade(target.port, signed(id), '/agent/ws', 'GET', { from });

describe('one host whose former connection is half open', () => {
  it('is let in at once, on the same hub and on another, from the same address and from another', async () => {
    for (const [former, next, from] of [
      [hub, hub, a],
      [hub, other, a],
      [hub, hub, b],
      [hub, other, b],
    ] as const) {
      const id = uniqueAgent();
      const lost = await join(former.url, id, {}, { from: a });
      const sent = await publish(stage.redis, runCommand(id));
      await lost.next('COMMAND');
      const back = await join(next.url, id, {}, { from });
      // Leases are not renewed in this test: the former hub has been told.
      expect(await lost.closed).toBe(4409);
      expect((await back.next('COMMAND')).correlation_id).toBe(sent);
      back.result(sent);
      await nothingLeft(stage.redis, next.id, id);
      await nothingLeft(stage.redis, former.id, id);
      await back.close();
      expect(await stage.redis.zscore(contestsKey, id)).toBeNull();
    }
  });

  it('is recorded as replaced', async () => {
    const id = uniqueAgent();
    const lost = await join(hub.url, id);
    const back = await join(other.url, id);
    await lost.closed;
    const [ended] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'disconnected' && body.agent_id === id,
    );
    expect(ended).toMatchObject({ reason: 'replaced', code: 4409, hub: hub.id });
    await back.close();
  });

  it('many reconnects from one address are no contest', async () => {
    const id = uniqueAgent();
    const agents = [];
    for (let n = 0; n < 6; n++) agents.push(await join(n % 2 ? hub.url : other.url, id));
    for (const lost of agents.slice(0, -1)) expect(await lost.closed).toBe(4409);
    const sent = await publish(stage.redis, runCommand(id));
    expect((await agents.at(-1)?.next('COMMAND'))?.correlation_id).toBe(sent);
    await agents.at(-1)?.close();
  });
});

describe.each([
  ['on one hub', () => [hub, hub] as const],
  ['on two hubs', () => [hub, other] as const],
])('two live hosts with one id, %s', (_, hubs) => {
  it('the second claim raises an alert, is refused, and no command goes to either until one stays away', async () => {
    const [one, two] = hubs();
    const id = uniqueAgent();
    const first = await join(one.url, id, { max_concurrency: 1 }, { from: a });
    const second = await join(two.url, id, { max_concurrency: 1 }, { from: b });
    expect(await first.closed).toBe(4409);
    const running = await publish(stage.redis, runCommand(id));
    const waiting = await publish(stage.redis, runCommand(id));
    await second.next('COMMAND');

    const answer = await refused(one, id, a);
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'DUPLICATE_ID' } } });
    expect(answer.headers['retry-after']).toBe('30');
    expect((await alert(id, 'raised'))[0]).toMatchObject({
      severity: 'critical',
      detail: expect.stringContaining('register a key of its own') as string,
    });
    const meanwhile = await publish(stage.redis, runCommand(id));
    await eventually(async () => expect(await stage.redis.xlen(mailboxStream(id))).toBe(2));
    // What was under way is seen through; nothing follows it.
    second.result(running);
    await second.next('RESULT_ACK');
    for (let n = 0; n < 3; n++) expect((await refused(two, id, a)).status).toBe(409);
    expect(second.isClosed).toBe(false);
    expect(await stage.redis.hget(leaseKey(id), 'serving')).toBeNull();

    await otherGivesUp(id);
    await alert(id, 'cleared');
    for (const expected of [waiting, meanwhile]) {
      expect((await second.next('COMMAND')).correlation_id).toBe(expected);
      second.result(expected);
    }
    await nothingLeft(stage.redis, two.id, id);
    expect(await alert(id, 'raised')).toHaveLength(1);
    expect(second.all('COMMAND')).toHaveLength(3);
    await second.close();
  });

  it('is settled although more than a thousand other contests are under way', async () => {
    const agent = await join(hub.url, uniqueAgent());
    const others = Array.from({ length: 1_500 }, (_, n) => `gw-elsewhere-${n}`);
    const until = Date.now() + 600_000;
    await stage.redis.zadd(contestsKey, ...[...others, agent.id].flatMap((id) => [until, id]));
    await eventually(async () => {
      const listed = (await (await fetch(`${hub.opsUrl}/internal/agent/agents?limit=1000`)).json()) as {
        agents: { agent_id: string; takes_commands: boolean }[];
      };
      expect(listed.agents).toContainEqual(
        expect.objectContaining({ agent_id: agent.id, takes_commands: false }),
      );
    });
    const sent = await publish(stage.redis, runCommand(agent.id));
    await otherGivesUp(agent.id);
    await alert(agent.id, 'cleared');
    expect((await agent.next('COMMAND')).correlation_id).toBe(sent);
    await stage.redis.zrem(contestsKey, ...others);
    agent.result(sent);
    await nothingLeft(stage.redis, hub.id, agent.id);
    await agent.close();
  });

  it('the one that is connected may come back; when it leaves, the other gets in, and commands once it is alone', async () => {
    const [one, two] = hubs();
    const id = uniqueAgent();
    await join(one.url, id, {}, { from: a });
    const second = await join(two.url, id, {}, { from: b });
    expect((await refused(one, id, a)).status).toBe(409);
    const again = await join(two.url, id, {}, { from: b });
    expect(await second.closed).toBe(4409);
    const sent = await publish(stage.redis, runCommand(id));
    await again.close();
    const first = await eventually(() => dial(one.url, id, { from: a }));
    first.hello();
    expect((await refused(two, id, b)).status).toBe(409);
    expect(first.all('COMMAND')).toEqual([]);
    await otherGivesUp(id);
    expect((await first.next('COMMAND')).correlation_id).toBe(sent);
    await alert(id, 'cleared');
    first.result(sent);
    await nothingLeft(stage.redis, one.id, id);
    await first.close();
  });
});

it('a contest that is over before its hub has looked at it: what waited goes out all the same', async () => {
  const blind = await stage.startHub({}, { ...slowRenewal, contests: 600_000 });
  const id = uniqueAgent();
  await stage.redis.zadd(contestsKey, Date.now() + 600_000, id);
  const agent = await join(blind.url, id);
  const sent = await publish(stage.redis, runCommand(id));
  await eventually(async () => expect(await stage.redis.xlen(mailboxStream(id))).toBe(1));
  expect(agent.all('COMMAND')).toEqual([]);
  await otherGivesUp(id);
  expect((await agent.next('COMMAND')).correlation_id).toBe(sent);
  agent.result(sent);
  await nothingLeft(stage.redis, blind.id, id);
  await blind.stop();
});

it('alerts are kept to a bound by whoever raises one, read or not', async () => {
  const [example] = bridgeAlertsStream.examples;
  if (!example) throw new Error('no example');
  const { fields } = encodeEntry(bridgeAlertsStream, example);
  const former = stage.redis.pipeline();
  const bound = keptEntries[streams.bridgeAlerts];
  for (let n = 0; n < bound + 500; n++) former.xadd(streams.bridgeAlerts, '*', ...fields);
  await former.exec();
  const id = uniqueAgent();
  await join(hub.url, id, {}, { from: a });
  const second = await join(hub.url, id, {}, { from: b });
  expect((await refused(hub, id, a)).status).toBe(409);
  await alert(id, 'raised');
  // Redis trims whole nodes of the stream only.
  expect(await stage.redis.xlen(streams.bridgeAlerts)).toBeLessThan(bound + 250);
  await second.close();
});
