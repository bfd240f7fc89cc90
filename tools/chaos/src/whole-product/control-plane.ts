import type { RedisAccount } from '@viw/contracts';
import type { ServiceRole } from '@viw/database';
import { type Secrets, backendProgram, hubProgram, serviceAccount, writerProgram } from '@viw/programs';
import { type ProgramOptions, freePort } from '@viw/testing';
import type { Servers } from '../world/servers';
import type { Wiring } from './wiring';

export interface Plant {
  readonly logs: string;
  readonly secrets: Secrets;
  readonly servers: Pick<Servers, 'redis' | 'ownerUrl' | 'db'>;
  readonly wiring: Pick<Wiring, 'wire'>;
  readonly hubs: readonly Placed[];
  readonly backends: readonly Placed[];
}

/** A replica and the port that it is reached by. */
export interface Placed {
  readonly name: string;
  readonly port: number;
}

/** Of hubs, backends and results-writers each: what one leaves undone another has to find. */
const REPLICAS = 2;

export const placed = (name: string): Promise<Placed[]> =>
  Promise.all(
    Array.from({ length: REPLICAS }, async (_, index) => ({
      name: `${name}-${index + 1}`,
      port: await freePort(),
    })),
  );

export const namesOf = (replicas: readonly Placed[]): string[] => replicas.map(({ name }) => name);

export const portsOf = (replicas: readonly Placed[]): number[] => replicas.map(({ port }) => port);

/** A hub misses an agent after two of these without a sign of life, so that this comes to pass. Seconds. */
const HEARTBEAT_S = 2;

/** Each service with the Redis account and the database role that it has in production. */
export async function controlPlane({
  logs,
  secrets,
  servers: { redis, ownerUrl, db },
  wiring,
  hubs,
  backends,
}: Plant): Promise<ProgramOptions[]> {
  const postgresPort = Number(new URL(ownerUrl).port);
  const through = async (name: string, url: string, port: number) =>
    (await wiring.wire(name, port)).through(url);
  const redisFor = (account: RedisAccount, name: string) =>
    through(`${name} to Redis`, redis.urlOf(account), redis.port);
  const databaseFor = async (role: ServiceRole, name: string) =>
    serviceAccount(db, role, await through(`${name} to Postgres`, ownerUrl, postgresPort));

  const writer = {
    logs,
    redisUrl: await redisFor('results-writer', 'results-writers'),
    databaseUrl: await databaseFor('viw_results_writer', 'results-writers'),
  };
  const backend = {
    logs,
    secrets,
    redisUrl: await redisFor('backend', 'backends'),
    databaseUrl: await databaseFor('viw_backend', 'backends'),
  };
  return Promise.all([
    ...hubs.map(async (hub) =>
      hubProgram({
        ...hub,
        logs,
        redisUrl: await redisFor('agent-bridge', hub.name),
        sharedSecret: secrets.sharedSecret,
        heartbeatS: HEARTBEAT_S,
      }),
    ),
    ...backends.map((replica) => backendProgram({ ...replica, ...backend })),
    ...['1', '2'].map((consumer) => writerProgram({ service: 'results-writer', consumer, ...writer })),
    // It keeps the state of the gateways, without which the backend sends nothing again. It is left alone here.
    writerProgram({
      service: 'telemetry-writer',
      consumer: '1',
      logs,
      redisUrl: redis.urlOf('telemetry-writer'),
      databaseUrl: await serviceAccount(db, 'viw_telemetry_writer', ownerUrl),
    }),
  ]);
}
