import { agentPartitionStream, partitionStreams } from '@viw/contracts';
import { createMetrics } from '@viw/runtime';
import { eventually, startRedis } from '@viw/testing';
import { PartitionedConsumer } from '../src/index';
import { Cleanup, body, connect, contract, logger, startProducer } from './setup';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test('three partitions: one agent’s entries keep their order, a stuck partition does not hold up the others', async () => {
  const server = cleanup.add(await startRedis());
  const redis = await connect(server.url, cleanup);
  const producer = startProducer(redis, cleanup);
  const agents = Array.from({ length: 12 }, (_, n) => `gw-${n}`);
  const keyOf = (agent: string): string => agentPartitionStream(contract.stream, agent, 3);
  const [stuck = ''] = agents;
  await Promise.all(
    [0, 1, 2, 3, 4].flatMap((n) =>
      agents.map((agent) => producer.publish(contract, body(`${agent}/${n}`), { stream: keyOf(agent) })),
    ),
  );
  expect(new Set(agents.map(keyOf))).toEqual(new Set(partitionStreams(contract.stream, 3)));

  const seen = new Map<string, string[]>();
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const consumer = cleanup.add(
    new PartitionedConsumer(
      { contract, group: 'g', consumer: 'one', partitions: 3, blockMs: 300 },
      {
        redisUrl: server.url,
        logger,
        metrics: createMetrics('test'),
        handler: async (batch) => {
          if (batch[0]?.stream === keyOf(stuck)) await held;
          for (const { body: change } of batch) {
            const [agent = '', n = ''] = change.id.split('/');
            seen.set(agent, [...(seen.get(agent) ?? []), n]);
          }
        },
      },
    ),
  );
  consumer.start();
  const others = agents.filter((agent) => keyOf(agent) !== keyOf(stuck));
  const complete = (some: string[]) =>
    expect(some.map((agent) => seen.get(agent)?.join(''))).toEqual(some.map(() => '01234'));
  await eventually(() => complete(others));
  expect(seen.has(stuck)).toBe(false);
  goOn();
  await eventually(() => complete(agents));
  await eventually(async () => {
    for (const stream of partitionStreams(contract.stream, 3))
      expect(((await redis.xpending(stream, 'g')) as [number])[0]).toBe(0);
  });
});

test('no partition at all is refused', () => {
  const deps = { redisUrl: 'redis://127.0.0.1:1', logger, handler: () => Promise.resolve() };
  expect(
    () => new PartitionedConsumer({ contract, group: 'g', consumer: 'one', partitions: 0 }, deps),
  ).toThrow('partitions');
});
