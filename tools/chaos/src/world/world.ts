import { randomBytes } from 'node:crypto';
import { type Db, createDatabase, createServiceLogin, migrate } from '@viw/database';
import { createLogger } from '@viw/runtime';
import type { Redis as RedisClient } from '@viw/streams';
import { StreamProducer, closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { type Postgres, type Redis, startPostgres, startRedis } from '@viw/testing';
import { FaultProxy } from '../faults/fault-proxy';
import type { Wire } from '../faults/schedule';
import { SupervisedProgram } from './supervised-program';
import { type WriterService, writerProgram } from './writer-program';

/** Real servers, proxies in every wire of the services, the writers, and what the auditor sees past the proxies. */
export interface World {
  readonly redis: Redis;
  readonly postgres: Postgres;
  readonly wires: Readonly<Record<Wire, FaultProxy>>;
  readonly writers: readonly SupervisedProgram[];
  /** As a hub's: through a proxy, no fault is told to the load. */
  readonly producer: StreamProducer;
  /** Straight to Redis. */
  readonly auditor: RedisClient;
  /** Straight to Postgres, as the owner. */
  readonly db: Db;
  stop(): Promise<void>;
}

/** Of each service: entries of one that dies are taken over or waited for by name. */
const REPLICAS = 2;
const logger = createLogger({ service: 'chaos', level: 'silent' });

/** When a part fails, what runs already is ended. */
export async function createWorld(services: readonly WriterService[]): Promise<World> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    return { ...(await build(services, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  services: readonly WriterService[],
  undo: (() => Promise<unknown>)[],
): Promise<Omit<World, 'stop'>> {
  const [redis, postgres] = await Promise.all([
    started(startRedis(), undo),
    // A commit must survive SIGKILL of the server. It need not survive the machine: without fsync all is faster.
    started(startPostgres({ settings: { synchronous_commit: 'on' } }), undo),
  ]);
  const wires: Record<Wire, FaultProxy> = {
    'hub-redis': await started(FaultProxy.start(redis.port), undo),
    'writer-redis': await started(FaultProxy.start(redis.port), undo),
    'writer-postgres': await started(FaultProxy.start(postgres.port), undo),
  };
  const ownerUrl = await postgres.createDatabase('viw');
  const db = createDatabase({ url: ownerUrl, applicationName: 'chaos', max: 3 });
  undo.push(() => db.destroy());
  await migrate(db);

  const auditor = createRedis(redis.url, { role: 'command', name: 'chaos-auditor' });
  undo.push(() => closeRedis(auditor));
  await waitUntilReady(auditor);
  const hub = createRedis(wires['hub-redis'].through(redis.url), { role: 'command', name: 'chaos-hub' });
  undo.push(() => closeRedis(hub));
  const producer = new StreamProducer({}, { redis: hub, logger });
  undo.push(() => producer.stop());
  producer.start();

  const redisUrl = wires['writer-redis'].through(redis.url);
  const writers: SupervisedProgram[] = [];
  for (const service of services) {
    const databaseUrl = await serviceUrl(db, service, wires['writer-postgres'].through(ownerUrl));
    for (let n = 1; n <= REPLICAS; n++) {
      const program = await writerProgram({ service, consumer: `chaos-${n}`, redisUrl, databaseUrl });
      const writer = new SupervisedProgram(program);
      undo.push(() => writer.stop());
      writers.push(writer);
    }
  }
  await Promise.all(writers.map((writer) => writer.start()));
  return { redis, postgres, wires, writers, producer, auditor, db };
}

async function started<T extends { stop(): Promise<unknown> }>(
  starting: Promise<T>,
  undo: (() => Promise<unknown>)[],
): Promise<T> {
  const thing = await starting;
  undo.push(() => thing.stop());
  return thing;
}

/** The account the service has in production: its own role and nothing else. */
async function serviceUrl(db: Db, service: WriterService, url: string): Promise<string> {
  const role = service === 'results-writer' ? 'viw_results_writer' : 'viw_telemetry_writer';
  const login = new URL(url);
  login.username = role.replace('viw_', 'chaos_');
  login.password = randomBytes(18).toString('hex');
  await createServiceLogin(db, role, login.username, login.password);
  return login.toString();
}
