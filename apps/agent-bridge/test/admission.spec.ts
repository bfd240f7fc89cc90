import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { dial, signed, uniqueAgent, upgrade } from './test-agent';
import type { Answer } from './test-agent';
import { startHub } from './test-hub';
import { connect } from './test-streams';

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = await connect(server.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const nonces = async (): Promise<number> => (await redis.keys('viw:nonce:*')).length;

it('who comes too fast is told when to come back, one after the other, before anything was checked', async () => {
  const slow = await startHub(server.url, { AGENT_BRIDGE_ADMIT_PER_SECOND: '2' });
  const before = await nonces();
  const answers: Answer[] = [];
  let admitted = 0;
  await Promise.all(
    Array.from({ length: 30 }, () =>
      upgrade(slow.port, signed(uniqueAgent())).then(
        (answer) => answers.push(answer),
        () => (admitted += 1),
      ),
    ),
  );
  expect(admitted).toBeGreaterThanOrEqual(2);
  expect(answers.length).toBeGreaterThan(20);
  for (const { status, body } of answers)
    expect({ status, code: body.error?.code }).toEqual({ status: 503, code: 'BUSY' });
  expect(await nonces()).toBe(before + admitted);
  const waits = answers.map(({ headers }) => Number(headers['retry-after'])).sort((a, b) => a - b);
  expect(waits[0]).toBeGreaterThanOrEqual(1);
  // Two per second, and no third.
  for (const wait of new Set(waits))
    expect(waits.filter((each) => each === wait).length).toBeLessThanOrEqual(4);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(10);

  // Not even a wrong signature is looked at now.
  const forged = Array.from({ length: 10 }, () => ({
    ...signed(uniqueAgent()),
    'X-Agent-Auth': 'f'.repeat(64),
  }));
  const refused = await Promise.all(forged.map((headers) => upgrade(slow.port, headers)));
  expect(refused.filter(({ body }) => body.error?.code === 'BUSY').length).toBeGreaterThan(5);
  // And then they come in.
  const late = uniqueAgent();
  await (await eventually(() => dial(slow.url, late))).close();
  await slow.stop();
});

it('a full hub says so before it checks anything, and when to come back', async () => {
  const small = await startHub(server.url, { AGENT_BRIDGE_MAX_CONN: '1' });
  const first = await dial(small.url, uniqueAgent());
  const answer = await upgrade(small.port, { ...signed(uniqueAgent()), 'X-Agent-Auth': 'f'.repeat(64) });
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'BUSY' } } });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  await first.close();
  await small.stop();
});

it('strangers fill no memory: a nonce is remembered only after a right signature', async () => {
  const hub = await startHub(server.url);
  const before = await nonces();
  await Promise.all(
    Array.from({ length: 50 }, () =>
      upgrade(hub.port, signed(uniqueAgent(), { secret: 'not the secret of this hub' })),
    ),
  );
  expect(await nonces()).toBe(before);
  await hub.stop();
});
