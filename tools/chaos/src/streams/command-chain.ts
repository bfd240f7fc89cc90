import { type Client, createClient } from '@viw/client';
import { backendProgram, firstApiKey, hubProgram, makeSecrets, serviceAccount } from '@viw/programs';
import { freePort } from '@viw/testing';
import type { Victim } from '../faults/kill-points';
import type { Servers } from '../world/servers';
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

/** How long the backend's janitor leaves entries that every group has acknowledged, seconds. */
export const chainRetentionS = 30;

export async function createCommandChain(
  { redis, postgres, ownerUrl, db }: Servers,
  undo: Undo,
): Promise<CommandChain> {
  const ports = { redis: redis.port, postgres: postgres.port };
  const secrets = await makeSecrets();
  const [hubWay, backendWay] = [
    await started(tappedWires(ports), undo),
    await started(tappedWires(ports), undo),
  ];
  const [hubPort, apiPort] = [await freePort(), await freePort()];
  const account = await serviceAccount(db, 'viw_backend', ownerUrl);
  const hub = new SupervisedProgram(
    await hubProgram({
      name: 'hub-chain',
      port: hubPort,
      redisUrl: hubWay.redisUrl(redis.urlOf('agent-bridge')),
      sharedSecret: secrets.sharedSecret,
      logLevel: 'warn',
    }),
  );
  const backend = new SupervisedProgram(
    await backendProgram({
      name: 'backend-chain',
      port: apiPort,
      redisUrl: backendWay.redisUrl(redis.urlOf('backend')),
      databaseUrl: backendWay.databaseUrl(account),
      secrets,
      retentionS: chainRetentionS,
      logLevel: 'warn',
    }),
  );
  for (const program of [hub, backend]) undo.push(() => program.stop());
  await Promise.all([hub.start(), backend.start()]);
  const victim = (service: string, { taps }: TappedWires, program: SupervisedProgram): Victim => ({
    service,
    taps,
    kill: () => program.kill(),
  });
  const baseUrl = `http://127.0.0.1:${apiPort}`;
  const key = await firstApiKey(baseUrl, secrets.setupToken);
  return {
    api: createClient({ baseUrl, auth: { kind: 'apiKey', key } }),
    hubUrl: `ws://127.0.0.1:${hubPort}`,
    secret: secrets.sharedSecret,
    programs: [hub, backend],
    victims: [victim('agent-bridge', hubWay, hub), victim('backend', backendWay, backend)],
  };
}
