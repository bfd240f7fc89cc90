import { startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import type { Redis } from 'ioredis';
import type { StreamProducer } from '../src/index';
import { Cleanup, connect, startProducer } from './setup';

/** One real Redis for the tests of a file; client and producer are each test's own. */
export class StreamStage {
  readonly cleanup = new Cleanup();
  server!: RedisServer;
  redis!: Redis;
  producer!: StreamProducer;
}

export function streamStage(): StreamStage {
  const stage = new StreamStage();
  beforeAll(async () => {
    stage.server = await startRedis();
  });
  afterAll(() => stage.server.stop());
  beforeEach(async () => {
    stage.redis = await connect(stage.server.url, stage.cleanup);
    stage.producer = startProducer(stage.redis, stage.cleanup);
  });
  afterEach(() => stage.cleanup.run());
  return stage;
}
