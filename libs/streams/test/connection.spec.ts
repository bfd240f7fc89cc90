import { Writable } from 'node:stream';
import { createLogger } from '@viw/runtime';
import { eventually, freePort, startRedis } from '@viw/testing';
import { closeRedis, createRedis, redisComponent, waitUntilReady } from '../src/index';
import { Cleanup } from './setup';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test('the password is in no log line, whether the server is away or refuses it', async () => {
  let log = '';
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString();
      done();
    },
  });
  const logger = createLogger({ service: 'test' }, { destination });
  const server = cleanup.add(await startRedis({ password: 'right' }));
  for (const port of [await freePort(), server.port]) {
    const redis = cleanup.client(
      createRedis(`redis://:hunter2secret@127.0.0.1:${port}`, { role: 'command', name: 'probe' }, { logger }),
    );
    await expect(waitUntilReady(redis, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await eventually(() => expect(log).toContain(`127.0.0.1:${port}`));
  }
  expect(log).not.toContain('hunter2secret');
});

test('what is sent while the connection is away fails at once instead of waiting', async () => {
  const redis = cleanup.client(
    createRedis(`redis://127.0.0.1:${await freePort()}`, { role: 'command', name: 'x' }),
  );
  await expect(redis.get('key')).rejects.toThrow("Stream isn't writeable");
});

test('a wrong URL is refused without repeating it', () => {
  const make = (url: string) => () => createRedis(url, { role: 'command', name: 'x' });
  expect(make('http://user:secret@host')).toThrow(/^the Redis URL must begin with redis/);
  expect(make('secret')).toThrow(/^the Redis URL cannot be parsed$/);
});

test('as a component it starts when Redis answers and closes on stop', async () => {
  const server = cleanup.add(await startRedis());
  const redis = createRedis(server.url, { role: 'command', name: 'x' });
  const component = redisComponent(redis);
  await component.start();
  expect(await redis.ping()).toBe('PONG');
  await component.stop();
  expect(redis.status).toBe('end');
});

test('closed by two at once it leaves nothing that keeps the process', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const server = cleanup.add(await startRedis());
  const redis = createRedis(server.url, { role: 'command', name: 'x' });
  await waitUntilReady(redis);
  const before = timers();
  await Promise.all([closeRedis(redis), closeRedis(redis)]);
  expect(redis.status).toBe('end');
  expect(timers()).toBeLessThanOrEqual(before);
});
