import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@viw/client';
import { type Db, createDatabase, migrate } from '@viw/database';
import type { Redis as RedisClient } from '@viw/streams';
import { closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { type Postgres, type Redis, startPostgres, startRedis } from '@viw/testing';
import type { FaultProxy } from '../faults/fault-proxy';
import { type Undo, started } from '../world/undo';
import { createAccess, registerAndAwait } from './api-access';
import type { Victims } from './schedule';
import { controlPlane, namesOf, placed, portsOf } from './control-plane';
import { type GatewayHost, prepareHost } from './gateway-host';
import { ProcessGroup } from './process-group';
import { makeSecrets } from './secrets';
import { Wiring } from './wiring';

/** The whole product as processes on real servers, with a proxy of ours in every wire. */
export interface CommandWorld {
  readonly redis: Redis;
  readonly postgres: Postgres;
  readonly processes: ProcessGroup;
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
  const undo: Undo = [];
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
  readonly undo: Undo;
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

  const wiring = new Wiring({ undo });
  const processes = new ProcessGroup();
  undo.push(() => processes.stop());
  const [hubs, backends] = [await placed('hub'), await placed('backend')];
  const plant = { logs, secrets, redis, ownerUrl, db, wiring, hubs, backends };
  const services = await controlPlane(plant);
  await processes.start(services);

  const access = await createAccess(`http://127.0.0.1:${portsOf(backends)[0]}`, secrets);
  const hubsPort = await wiring.balanced(portsOf(hubs));
  const agentWires = gateways.map(({ agentId }) => `${agentId} to hubs`);
  await registerAndAwait(access.client, gateways, async () => {
    await processes.start(gateways.map(({ helper }) => helper));
    const agents = gateways.map(async ({ agent, agentId }) => {
      const proxy = await wiring.wire(`${agentId} to hubs`, hubsPort);
      return agent(proxy.through('ws://127.0.0.1/agent/ws'));
    });
    await processes.start(await Promise.all(agents));
  });
  const api = await wiring.wire('client to backends', await wiring.balanced(portsOf(backends)));
  const { wires } = wiring;
  return {
    redis,
    postgres,
    processes,
    wires,
    gateways,
    auditor,
    db,
    logs,
    hubs: namesOf(hubs),
    client: access.through(api.through('http://127.0.0.1')),
    victims: {
      hubs: namesOf(hubs),
      backends: namesOf(backends),
      agentWires,
      agents: gateways.map(({ agentId }) => `${agentId} agent`),
      helpers: gateways.map(({ helper }) => helper.name),
      writers: services.map(({ name }) => name).filter((name) => name.startsWith('results-writer')),
      innerWires: [...wires.keys()].filter((name) => !agentWires.includes(name)),
    },
  };
}

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
