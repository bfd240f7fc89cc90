import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groups, redisAclLine, streams } from '@viw/contracts';
import { createRedis, waitUntilReady } from '@viw/streams';
import type { Redis as RedisClient } from '@viw/streams';
import { type Redis, startRedis } from '@viw/testing';
import { Backlog } from '../src/backlog';

describe('Backlog', () => {
  let folder: string;
  let server: Redis;
  /** May do everything. */
  let redis: RedisClient;
  /** May do what the service may. */
  let writer: RedisClient;
  const stream = streams.telemetry;
  const group = groups.telemetryWriter;
  const backlog = () => new Backlog({ streams: [stream], group }, { redis: writer }).entries();
  const read = (count: number) =>
    redis.xreadgroup('GROUP', group, 'one', 'COUNT', count, 'STREAMS', stream, '>');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viw-backlog-'));
    const aclFile = join(folder, 'users.acl');
    await writeFile(
      aclFile,
      `user default on nopass ~* &* +@all\n${redisAclLine('telemetry-writer', '>secret')}\n`,
    );
    server = await startRedis({ aclFile });
    redis = createRedis(server.url, { role: 'command', name: 'test' });
    const url = Object.assign(new URL(server.url), { username: 'telemetry-writer', password: 'secret' });
    writer = createRedis(url.toString(), { role: 'command', name: 'test-writer' });
    await Promise.all([waitUntilReady(redis), waitUntilReady(writer)]);
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    for (let n = 1; n <= 5; n++) await redis.xadd(stream, `${n}-0`, 'n', String(n));
  });
  afterEach(async () => {
    redis.disconnect();
    writer.disconnect();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('counts what was not handed out and what was not acknowledged', async () => {
    expect(await backlog()).toBe(5);
    await read(2);
    expect(await backlog()).toBe(5);
    await redis.xack(stream, group, '1-0', '2-0');
    expect(await backlog()).toBe(3);
  });

  it('cannot tell without the group or the stream', async () => {
    await redis.xgroup('DESTROY', stream, group);
    expect(await backlog()).toBe(Infinity);
    await redis.flushall();
    expect(await backlog()).toBe(Infinity);
  });

  it('does not call a group read up whose lag Redis cannot tell', async () => {
    await read(1);
    await redis.xack(stream, group, '1-0');
    await redis.xdel(stream, '3-0');
    expect(await backlog()).toBe(Infinity);
    await read(10);
    await redis.xack(stream, group, '2-0', '4-0', '5-0');
    expect(await backlog()).toBe(0);
  });
});
