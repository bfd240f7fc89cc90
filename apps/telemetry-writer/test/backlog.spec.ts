import { createRedis, waitUntilReady } from '@viw/streams';
import type { Redis as RedisClient } from '@viw/streams';
import { type Redis, startRedis } from '@viw/testing';
import { Backlog } from '../src/backlog';

describe('Backlog', () => {
  let server: Redis;
  let redis: RedisClient;
  const stream = 'viw.telemetry';
  const backlog = () => new Backlog({ streams: [stream], group: 'readers' }, { redis }).entries();
  const read = (count: number) =>
    redis.xreadgroup('GROUP', 'readers', 'one', 'COUNT', count, 'STREAMS', stream, '>');

  beforeEach(async () => {
    server = await startRedis();
    redis = createRedis(server.url, { role: 'command', name: 'test' });
    await waitUntilReady(redis);
    await redis.xgroup('CREATE', stream, 'readers', '0', 'MKSTREAM');
    for (let n = 1; n <= 5; n++) await redis.xadd(stream, `${n}-0`, 'n', String(n));
  });
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('counts what was not handed out and what was not acknowledged', async () => {
    expect(await backlog()).toBe(5);
    await read(2);
    expect(await backlog()).toBe(5);
    await redis.xack(stream, 'readers', '1-0', '2-0');
    expect(await backlog()).toBe(3);
  });

  it('cannot tell without the group or the stream', async () => {
    await redis.xgroup('DESTROY', stream, 'readers');
    expect(await backlog()).toBe(Infinity);
    await redis.flushall();
    expect(await backlog()).toBe(Infinity);
  });

  it('does not call a group read up whose lag Redis cannot tell', async () => {
    await read(1);
    await redis.xack(stream, 'readers', '1-0');
    await redis.xdel(stream, '3-0');
    expect(await backlog()).toBe(Infinity);
    await read(10);
    await redis.xack(stream, 'readers', '2-0', '4-0', '5-0');
    expect(await backlog()).toBe(0);
  });
});
