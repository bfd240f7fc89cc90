import { randomBytes } from 'node:crypto';
import { type Client, createClient } from '@viw/client';
import { generateSigningKey } from '@viw/commands';
import type { Db } from '@viw/database';
import { type ProgramOptions, type Postgres, freePort } from '@viw/testing';
import type { Victim } from '../faults/kill-points';
import type { RedisWithAccounts } from '../world/redis-with-accounts';
import { serviceAccount } from '../world/service-account';
import { serviceBundle } from '../world/service-bundle';
import { SupervisedProgram } from '../world/supervised-program';
import { type TappedWires, tappedWires } from '../world/tapped-wires';
import { type Undo, started } from '../world/undo';

/** The way of a command: the built backend with its outbox relay, and the built hub. */
export interface CommandChain {
  readonly api: Client;
  /** Where agents dial in, and the secret they share with the hub. */
  readonly hubUrl: string;
  readonly secret: string;
  readonly programs: readonly SupervisedProgram[];
  readonly victims: readonly Victim[];
}

export interface ChainSurroundings {
  readonly redis: RedisWithAccounts;
  readonly postgres: Postgres;
  readonly ownerUrl: string;
  readonly db: Db;
}

/** How long the backend's janitor leaves entries that every group has acknowledged, seconds. */
export const chainRetentionS = 30;

const random = (): string => randomBytes(24).toString('base64');

export async function createCommandChain(around: ChainSurroundings, undo: Undo): Promise<CommandChain> {
  const { redis, postgres, ownerUrl, db } = around;
  const ports = { redis: redis.port, postgres: postgres.port };
  const secret = random();
  const setupToken = random();
  const [hubWay, backendWay] = [
    await started(tappedWires(ports), undo),
    await started(tappedWires(ports), undo),
  ];
  const [hubPort, apiPort] = [await freePort(), await freePort()];
  const account = await serviceAccount(db, 'viw_backend', ownerUrl);
  const hub = new SupervisedProgram(
    await hubProgram({ port: hubPort, redisUrl: hubWay.redisUrl(redis.urlOf('agent-bridge')), secret }),
  );
  const backend = new SupervisedProgram(
    await backendProgram({
      port: apiPort,
      redisUrl: backendWay.redisUrl(redis.urlOf('backend')),
      databaseUrl: backendWay.databaseUrl(account),
      setupToken,
    }),
  );
  for (const program of [hub, backend]) undo.push(() => program.stop());
  await Promise.all([hub.start(), backend.start()]);
  const victim = (service: string, { taps }: TappedWires, program: SupervisedProgram): Victim => ({
    service,
    taps,
    kill: () => program.kill(),
  });
  return {
    api: await firstClient(`http://127.0.0.1:${apiPort}`, setupToken),
    hubUrl: `ws://127.0.0.1:${hubPort}`,
    secret,
    programs: [hub, backend],
    victims: [victim('agent-bridge', hubWay, hub), victim('backend', backendWay, backend)],
  };
}

async function hubProgram(options: {
  port: number;
  redisUrl: string;
  secret: string;
}): Promise<ProgramOptions> {
  const opsPort = await freePort();
  return {
    name: 'agent-bridge',
    argv: [process.execPath, serviceBundle('agent-bridge')],
    env: {
      AGENT_BRIDGE_ENABLED: 'true',
      AGENT_BRIDGE_LOG_LEVEL: 'warn',
      AGENT_BRIDGE_BIND: `127.0.0.1:${options.port}`,
      AGENT_BRIDGE_OPS_BIND: `127.0.0.1:${opsPort}`,
      AGENT_BRIDGE_HUB_ID: 'hub-chain',
      AGENT_BRIDGE_REDIS_URL: options.redisUrl,
      AGENT_BRIDGE_SHARED_SECRET: options.secret,
    },
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  };
}

async function backendProgram(options: {
  port: number;
  redisUrl: string;
  databaseUrl: string;
  setupToken: string;
}): Promise<ProgramOptions> {
  const { privateKey } = await generateSigningKey();
  return {
    name: 'backend',
    argv: [process.execPath, serviceBundle('backend')],
    env: {
      BACKEND_ENABLED: 'true',
      BACKEND_LOG_LEVEL: 'warn',
      BACKEND_BIND: `127.0.0.1:${options.port}`,
      BACKEND_OPS_BIND: `127.0.0.1:${await freePort()}`,
      BACKEND_DATABASE_URL: options.databaseUrl,
      BACKEND_REDIS_URL: options.redisUrl,
      BACKEND_STREAM_RETENTION_S: String(chainRetentionS),
      BACKEND_COOKIE_SECURE: 'false',
      BACKEND_SETUP_TOKEN: options.setupToken,
      BACKEND_ENCRYPTION_KEY: JSON.stringify({ id: 'chaos', key: randomBytes(32).toString('base64') }),
      BACKEND_COMMAND_SIGNING_KEY: JSON.stringify({ ...privateKey, alg: 'EdDSA' }),
    },
    readyWhen: { url: `http://127.0.0.1:${options.port}/agent/_health` },
  };
}

/** The first administrator makes an API key. */
async function firstClient(baseUrl: string, setupToken: string): Promise<Client> {
  const person = createClient({ baseUrl, auth: { kind: 'session' } });
  const admin = { email: 'chaos@example.org', password: random() };
  await person.setup({ setup_token: setupToken, ...admin });
  await person.session.signIn(admin);
  const { id } = await person.apiClients.create({ name: 'chaos', role: 'admin' });
  const { key } = await person.apiClients.createKey(id);
  return createClient({ baseUrl, auth: { kind: 'apiKey', key } });
}
