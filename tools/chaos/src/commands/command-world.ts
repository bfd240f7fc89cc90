import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@viw/client';
import { type Db, createDatabase, migrate } from '@viw/database';
import type { Redis as RedisClient } from '@viw/streams';
import { closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { type Postgres, type Redis, startPostgres, startRedis } from '@viw/testing';
import { FaultProxy } from '../faults/fault-proxy';
import { SupervisedWriter as SupervisedProcess } from '../world/supervised-writer';
import { createAccess, registerAndAwait } from './api-access';
import type { Victims } from './command-faults';
import { REPLICAS, controlPlane, namesOf, placed, portsOf } from './control-plane';
import { type GatewayHost, prepareHost } from './gateway-host';
import { makeSecrets } from './secrets';

/** The whole product as processes on real servers, with a proxy of ours in every wire. */
export interface CommandWorld {
  readonly redis: Redis;
  readonly postgres: Postgres;
  readonly processes: ReadonlyMap<string, SupervisedProcess>;
  readonly wires: ReadonlyMap<string, FaultProxy>;
  readonly victims: Victims;
  /** Ids of the hubs. */
  readonly hubs: readonly string[];
  readonly gateways: readonly GatewayHost[];
  /** As an API client's: through a proxy. */
  readonly client: Client;
  /** Straight to Redis. */
  readonly auditor: RedisClient;
  /** Straight to Postgres, as the owner. */
  readonly db: Db;
  /** One file per process. */
  readonly logs: string;
  /** @param keepLogs the folder stays for a person to look into */
  stop(options: { keepLogs: boolean }): Promise<void>;
}

export interface CommandWorldOptions {
  readonly gateways: number;
}

/** When a part fails, what runs already is ended. */
export async function createCommandWorld(options: CommandWorldOptions): Promise<CommandWorld> {
  const undo: (() => Promise<unknown>)[] = [];
  const root = await mkdtemp(join(tmpdir(), 'viw-cmd-'));
  const stop = async ({ keepLogs }: { keepLogs: boolean }): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
    if (!keepLogs) await rm(root, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await build(options, { root, undo })), stop };
  } catch (error) {
    await stop({ keepLogs: true });
    throw error;
  }
}

interface Site {
  readonly root: string;
  readonly undo: (() => Promise<unknown>)[];
}

async function build(
  options: CommandWorldOptions,
  { root, undo }: Site,
): Promise<Omit<CommandWorld, 'stop'>> {
  const logs = join(root, 'logs');
  await mkdir(logs);
  const secrets = await makeSecrets();
  const hosts = Promise.all(
    numbered('gw', options.gateways).map((agentId) => prepareHost(agentId, { root, logs, secrets })),
  );
  const [redis, postgres] = await Promise.all([
    started(startRedis({ logFile: join(logs, 'redis.log') }), undo),
    started(startPostgres({ durable: true, logFile: join(logs, 'postgres.log') }), undo),
    hosts,
  ]);
  const gateways = await hosts;
  const ownerUrl = await postgres.createDatabase('viw');
  const db = createDatabase({ url: ownerUrl, applicationName: 'chaos', max: 3 });
  undo.push(() => db.destroy());
  await migrate(db);
  const auditor = createRedis(redis.url, { role: 'command', name: 'chaos-auditor' });
  undo.push(() => closeRedis(auditor));
  await waitUntilReady(auditor);

  const wires = new Map<string, FaultProxy>();
  const wire = async (name: string, ...targets: [number, ...number[]]): Promise<FaultProxy> => {
    const proxy = await FaultProxy.start(...targets);
    // Last of all: whatever runs needs its wires for an orderly end.
    undo.unshift(() => proxy.stop());
    wires.set(name, proxy);
    return proxy;
  };
  const processes = new Map<string, SupervisedProcess>();
  undo.push(() => Promise.all([...processes.values()].map((each) => each.stop())));

  const plant = { logs, secrets, redis, ownerUrl, db, wire };
  const hubs = await placed('hub');
  const backends = await placed('backend');
  const programs = await controlPlane({ ...plant, hubs, backends });
  for (const program of programs) processes.set(program.name, new SupervisedProcess(program));
  await startAll(
    processes,
    programs.map(({ name }) => name),
  );

  for (const [index, host] of gateways.entries()) {
    // Each dials another hub first and the next one after that, as a load balancer would have it.
    const ports = portsOf([...hubs.slice(index % REPLICAS), ...hubs.slice(0, index % REPLICAS)]);
    const proxy = await wire(`${host.agentId} to hubs`, ...ports);
    processes.set(`${host.agentId} helper`, new SupervisedProcess(host.helper));
    const agent = host.agent(proxy.through('ws://127.0.0.1/agent/ws'));
    processes.set(`${host.agentId} agent`, new SupervisedProcess(agent));
  }
  const backendPorts = portsOf(backends);
  const apiUrl = `http://127.0.0.1:${backendPorts[0]}`;
  const access = await createAccess(apiUrl, secrets);
  const names = [...processes.keys()];
  const helpers = names.filter((name) => name.endsWith(' helper'));
  const agents = names.filter((name) => name.endsWith(' agent'));
  await registerAndAwait(access.client, gateways, async () => {
    await startAll(processes, helpers);
    await startAll(processes, agents);
  });
  const apiWire = await wire('client to backends', ...backendPorts);
  const wireNames = [...wires.keys()];
  return {
    ...{ redis, postgres, processes, wires, gateways, auditor, db, logs },
    hubs: namesOf(hubs),
    client: access.through(apiWire.through(apiUrl)),
    victims: {
      ...{ hubs: namesOf(hubs), backends: namesOf(backends), agents, helpers },
      writers: names.filter((name) => name.startsWith('results-writer')),
      agentWires: wireNames.filter((name) => name.endsWith(' to hubs')),
      innerWires: wireNames.filter((name) => !name.endsWith(' to hubs')),
    },
  };
}

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);

async function startAll(
  processes: ReadonlyMap<string, SupervisedProcess>,
  names: readonly string[],
): Promise<void> {
  await Promise.all(names.map(async (name) => processes.get(name)?.start()));
}

async function started<T extends { stop(): Promise<unknown> }>(
  starting: Promise<T>,
  undo: Site['undo'],
): Promise<T> {
  const thing = await starting;
  undo.push(() => thing.stop());
  return thing;
}
