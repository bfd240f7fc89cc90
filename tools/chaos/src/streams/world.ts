import type { Db } from '@viw/database';
import { type WriterService, serviceAccount, writerProgram } from '@viw/programs';
import { createLogger } from '@viw/runtime';
import type { Redis as RedisClient } from '@viw/streams';
import { StreamProducer, closeRedis, createRedis } from '@viw/streams';
import type { Postgres, Redis } from '@viw/testing';
import { FaultProxy } from '../faults/fault-proxy';
import type { Victim } from '../faults/kill-points';
import type { Wire } from './schedule';
import { type CommandChain, createCommandChain } from './command-chain';
import { startServers } from '../world/servers';
import { SupervisedProgram } from '../world/supervised-program';
import { tappedWires } from '../world/tapped-wires';
import { type Undo, endAll, started } from '../world/undo';

/** Real servers, proxies in every wire of the services, the writers, and what the auditor sees past the proxies. */
export interface World {
  readonly redis: Redis;
  readonly postgres: Postgres;
  readonly wires: Readonly<Record<Wire, FaultProxy>>;
  readonly writers: readonly SupervisedProgram[];
  /** A backend, a hub and an agent, where the scenario asks for them. */
  readonly chain: CommandChain | undefined;
  readonly programs: readonly SupervisedProgram[];
  /** Every process that can be killed at an exact point. */
  readonly victims: readonly Victim[];
  /** As a hub's: through a proxy, no fault is told to the load. */
  readonly producer: StreamProducer;
  /** Straight to Redis. */
  readonly auditor: RedisClient;
  /** Straight to Postgres, as the owner. */
  readonly db: Db;
  /** What else has to end before it. */
  readonly undo: Undo;
  stop(): Promise<void>;
}

/** Of each service: entries of one that dies are taken over or waited for by name. */
const REPLICAS = 2;
const logger = createLogger({ service: 'chaos', level: 'silent' });

export interface WorldOptions {
  readonly services: readonly WriterService[];
  readonly chain: boolean;
}

/** When a part fails, what runs already is ended. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const undo: Undo = [];
  const stop = (): Promise<void> => endAll(undo);
  try {
    return { ...(await build(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build({ services, chain: withChain }: WorldOptions, undo: Undo): Promise<Omit<World, 'stop'>> {
  // A commit must survive SIGKILL of the server. It need not survive the machine: without fsync all is faster.
  const servers = await startServers({ postgres: { settings: { synchronous_commit: 'on' } } }, undo);
  const { redis, postgres, ownerUrl, db, auditor } = servers;
  const wires: Record<Wire, FaultProxy> = {
    'hub-redis': await started(FaultProxy.start(redis.port), undo),
    'writer-redis': await started(FaultProxy.start(redis.port), undo),
    'writer-postgres': await started(FaultProxy.start(postgres.port), undo),
  };
  const hub = createRedis(wires['hub-redis'].through(redis.urlOf('agent-bridge')), {
    role: 'command',
    name: 'chaos-hub',
  });
  undo.push(() => closeRedis(hub));
  const producer = new StreamProducer({}, { redis: hub, logger });
  undo.push(() => producer.stop());
  producer.start();

  const writers: SupervisedProgram[] = [];
  const victims: Victim[] = [];
  for (const service of services) {
    const role = service === 'results-writer' ? 'viw_results_writer' : 'viw_telemetry_writer';
    const account = await serviceAccount(db, role, ownerUrl);
    for (let n = 1; n <= REPLICAS; n++) {
      const ports = { redis: wires['writer-redis'].port, postgres: wires['writer-postgres'].port };
      const way = await started(tappedWires(ports), undo);
      const writer = new SupervisedProgram(
        await writerProgram({
          service,
          consumer: `chaos-${n}`,
          redisUrl: way.redisUrl(redis.urlOf(service)),
          databaseUrl: way.databaseUrl(account),
          logLevel: 'warn',
          // Time runs faster in the load than here: nobody is to be declared silent meanwhile.
          lostAfterS: service === 'telemetry-writer' ? 86_400 : undefined,
        }),
      );
      undo.push(() => writer.stop());
      writers.push(writer);
      victims.push({ service, taps: way.taps, kill: () => writer.kill() });
    }
  }
  const starting = writers.map((writer) => writer.start());
  const chaining = withChain ? createCommandChain(servers, undo) : undefined;
  // When one fails, the others have to have started before they can be ended.
  await Promise.allSettled([...starting, chaining]);
  await Promise.all(starting);
  const chain = await chaining;
  victims.push(...(chain?.victims ?? []));
  const programs = [...writers, ...(chain?.programs ?? [])];
  return { redis, postgres, wires, writers, chain, programs, victims, producer, auditor, db, undo };
}
