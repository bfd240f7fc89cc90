/**
 * A consumer in a process of its own that takes a batch and never finishes it, so that a test can end it with SIGKILL.
 * Arguments: Redis URL, stream, consumer name, liveness TTL in milliseconds. Writes `took <n>` per batch.
 */
import { createLogger } from '@viw/runtime';
import { StreamConsumer } from '../src/index';
import { contract } from './setup';

const [redisUrl = '', stream = '', consumer = '', ttl = ''] = process.argv.slice(2);

new StreamConsumer(
  {
    contract,
    stream,
    group: 'g',
    consumer,
    batchSize: 10,
    blockMs: 300,
    livenessTtlMs: Number(ttl),
  },
  {
    redisUrl,
    logger: createLogger({ service: 'crashing', level: 'silent' }),
    handler: (batch) => {
      process.stdout.write(`took ${batch.length}\n`);
      return new Promise(() => undefined);
    },
  },
).start();
