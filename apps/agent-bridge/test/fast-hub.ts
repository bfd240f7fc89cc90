import { createLogger, createMetrics, runService } from '@viw/runtime';
import { buildBridge } from '../src/bridge';
import { loadBridgeConfig } from '../src/config';
import { testTiming } from './test-hub';

/** `main.ts` with the short times of tests. */
const config = loadBridgeConfig();
const logger = createLogger({ service: 'agent-bridge' });

void runService({
  service: 'agent-bridge',
  enabled: true,
  logger,
  build: () =>
    buildBridge(
      config,
      { logger, metrics: createMetrics('agent-bridge') },
      { ...testTiming, hubAlive: 1_000 },
    ).components,
});
