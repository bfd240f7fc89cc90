import { randomUUID } from 'node:crypto';
import { commandsStream, groups } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { IngressOrder } from '../src/routing/ingress-order';
import { connect, runCommand } from './test-streams';

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

it('an entry waits for an earlier one of its agent in other hands, which is read once however often that is asked', async () => {
  const { stream } = commandsStream;
  const [agentId, other] = [randomUUID(), randomUUID()];
  const add = async (id: string) => {
    const body = runCommand(id);
    const entryId = (await redis.xadd(stream, '*', ...encodeEntry(commandsStream, body).fields)) ?? '';
    return { id: entryId, body } as never;
  };
  await redis.xgroup('CREATE', stream, groups.agentBridge, '0', 'MKSTREAM');
  const read = (hub: string) => redis.xreadgroup('GROUP', groups.agentBridge, hub, 'STREAMS', stream, '>');
  const poison = await redis.xadd(stream, '*', 'body', '{');
  const earlier = (await add(agentId)) as { id: string };
  await read('hub-2');
  const [waiting, free] = [(await add(agentId)) as { id: string }, await add(other)];
  await read('hub-1');

  const order = new IngressOrder({ hub: 'hub-1' }, { redis });
  const reads = async (): Promise<number> =>
    Number(/cmdstat_xrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  for (let asked = 0; asked < 3; asked++)
    expect(await order.early([waiting as never, free])).toEqual(new Set([waiting.id]));
  expect(await reads()).toBe(2);
  await redis.xack(stream, groups.agentBridge, earlier.id, String(poison));
  expect(await order.early([waiting as never, free])).toEqual(new Set());
});
