import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@viw/client';
import { firstApiKey, makeSecrets } from '@viw/programs';
import type { FaultProxy } from '../faults/fault-proxy';
import { type Servers, startServers } from '../world/servers';
import { type Undo, endAll } from '../world/undo';
import type { Victims } from './schedule';
import { controlPlane, namesOf, placed, portsOf } from './control-plane';
import { type GatewayHost, prepareHost } from './gateway-host';
import { ProcessGroup } from './process-group';
import { registerAndAwait } from './register-and-await';
import { Wiring } from './wiring';

/** The whole product as processes on real servers, with a proxy of ours in every wire. */
export interface CommandWorld extends Pick<Servers, 'redis' | 'postgres' | 'db' | 'auditor'> {
  readonly processes: ProcessGroup;
  readonly wires: ReadonlyMap<string, FaultProxy>;
  readonly victims: Victims;
  /** Ids of the hubs. */
  readonly hubs: readonly string[];
  readonly gateways: readonly GatewayHost[];
  /** As an API client's: through a proxy. */
  readonly client: Client;
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
    await endAll(undo);
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
  const starting = startServers(
    {
      redis: { logFile: join(logs, 'redis.log') },
      postgres: { durable: true, logFile: join(logs, 'postgres.log') },
    },
    undo,
  );
  const [servers, gateways] = await Promise.all([starting, hosts]);
  const { redis, postgres, db, auditor } = servers;

  const wiring = new Wiring({ undo });
  const processes = new ProcessGroup();
  undo.push(() => processes.stop());
  const [hubs, backends] = [await placed('hub'), await placed('backend')];
  const services = await controlPlane({ logs, secrets, servers, wiring, hubs, backends });
  await processes.start(services);

  const backendUrl = `http://127.0.0.1:${portsOf(backends)[0]}`;
  const key = await firstApiKey(backendUrl, secrets.setupToken);
  const clientOf = (baseUrl: string): Client => createClient({ baseUrl, auth: { kind: 'apiKey', key } });
  const hubsPort = await wiring.balanced(portsOf(hubs));
  const agentWires = gateways.map(({ agentId }) => `${agentId} to hubs`);
  await registerAndAwait(clientOf(backendUrl), gateways, async () => {
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
    client: clientOf(api.through('http://127.0.0.1')),
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
