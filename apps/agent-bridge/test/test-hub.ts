import { randomUUID } from 'node:crypto';
import { Lifecycle, createLogger, createMetrics } from '@viw/runtime';
import type { Component } from '@viw/runtime';
import { registrySnapshotKey } from '@viw/contracts';
import { buildBridge } from '../src/bridge';
import { bridgeSchema } from '../src/config';
import { bridgeTiming } from '../src/timing';
import { putSnapshot } from './test-registry';
import { connect } from './test-streams';

export const secret = 'the shared secret of these tests';

export const hubEnvironment = (
  redisUrl: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  AGENT_BRIDGE_ENABLED: 'true',
  AGENT_BRIDGE_BIND: '127.0.0.1:0',
  AGENT_BRIDGE_OPS_BIND: '127.0.0.1:0',
  AGENT_BRIDGE_HUB_ID: `hub-${randomUUID().slice(0, 8)}`,
  AGENT_BRIDGE_REDIS_URL: redisUrl,
  AGENT_BRIDGE_SHARED_SECRET: secret,
  AGENT_BRIDGE_DRAIN_S: '0',
  // Commands of these tests are not signed, but where that is what they are about.
  AGENT_BRIDGE_ENVELOPE_JWS_REQUIRED: 'false',
  ...more,
});

export interface TestHub {
  readonly id: string;
  readonly url: string;
  readonly port: number;
  readonly opsUrl: string;
  /** Warnings and errors so far, JSON lines. */
  readonly log: readonly string[];
  /** For those who measure memory: the lines of thousands of bad frames are not the hub's. */
  forgetLog(): void;
  stop(): Promise<void>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

/** A registry that knows the agents of `uniqueAgent`, unless there is one. */
export async function seedRegistry(redisUrl: string): Promise<void> {
  const redis = await connect(redisUrl);
  if ((await redis.exists(registrySnapshotKey)) === 0) await putSnapshot(redis);
  redis.disconnect();
}

export const testTiming: typeof bridgeTiming = {
  ...bridgeTiming,
  hubAlive: 500,
  leaseRenewal: 1_000,
  heartbeatEntries: 500,
  contests: 200,
  legacyLoop: 0,
  registryCheck: 200,
  registryCurrent: 2_000,
  tlsFiles: 200,
};

/** The hub as `main.ts` builds it, in this process. */
export async function startHub(
  redisUrl: string,
  more: Record<string, string> = {},
  timing: Partial<typeof bridgeTiming> = {},
): Promise<TestHub> {
  await seedRegistry(redisUrl);
  return startHubOnly(redisUrl, more, timing);
}

/** Without making sure that there is a registry. */
export async function startHubOnly(
  redisUrl: string,
  more: Record<string, string> = {},
  timing: Partial<typeof bridgeTiming> = {},
): Promise<TestHub> {
  const config = bridgeSchema.parse(
    // An empty variable counts as not set, as everywhere.
    Object.fromEntries(Object.entries(hubEnvironment(redisUrl, more)).filter(([, value]) => value !== '')),
  );
  const log: string[] = [];
  const logger = createLogger(
    { service: 'agent-bridge', level: 'warn' },
    { destination: { write: (line: string) => void log.push(line) } },
  );
  const registry = createMetrics('agent-bridge');
  const { components, listener, ops } = buildBridge(
    config,
    { logger, metrics: registry },
    { ...testTiming, ...timing },
  );
  const lifecycle = new Lifecycle({ components: components satisfies readonly Component[] }, { logger });
  await lifecycle.start();
  const port = listener.address()?.port ?? 0;
  return {
    id: config.AGENT_BRIDGE_HUB_ID,
    port,
    log,
    forgetLog: () => void log.splice(0),
    url: `ws://127.0.0.1:${port}`,
    opsUrl: `http://127.0.0.1:${ops.address().port}`,
    stop: () => lifecycle.stop(),
    metrics: () => registry.metrics(),
  };
}
