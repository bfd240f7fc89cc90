import { randomUUID } from 'node:crypto';
import { Lifecycle, createLogger, createMetrics } from '@viw/runtime';
import type { Component } from '@viw/runtime';
import { buildBridge } from '../src/bridge';
import { bridgeSchema } from '../src/config';
import { bridgeTiming } from '../src/timing';

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
  ...more,
});

export interface TestHub {
  readonly id: string;
  readonly url: string;
  readonly port: number;
  readonly opsUrl: string;
  stop(): Promise<void>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

export const testTiming: typeof bridgeTiming = {
  ...bridgeTiming,
  hubAlive: 500,
  leaseRenewal: 1_000,
  heartbeatEntries: 500,
  contests: 200,
};

/** The hub as `main.ts` builds it, in this process. */
export async function startHub(
  redisUrl: string,
  more: Record<string, string> = {},
  timing: Partial<typeof bridgeTiming> = {},
): Promise<TestHub> {
  const config = bridgeSchema.parse(hubEnvironment(redisUrl, more));
  const logger = createLogger({ service: 'agent-bridge', level: 'silent' });
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
    url: `ws://127.0.0.1:${port}`,
    opsUrl: `http://127.0.0.1:${ops.address().port}`,
    stop: () => lifecycle.stop(),
    metrics: () => registry.metrics(),
  };
}
