import { setFlagsFromString } from 'node:v8';
import { createLogger, createMetrics, runService } from '@viw/runtime';
import { buildBridge } from './bridge';
import { loadBridgeConfig } from './config';

// What lives long here is small and what does not is plenty: collected early, resident memory stays near what is needed.
setFlagsFromString('--heap-growing-percent=60');

const config = loadBridgeConfig();
const logger = createLogger({
  service: 'agent-bridge',
  level: config.AGENT_BRIDGE_LOG_LEVEL,
  pretty: !config.AGENT_BRIDGE_LOG_JSON,
});

void runService({
  service: 'agent-bridge',
  enabled: config.AGENT_BRIDGE_ENABLED,
  logger,
  // What follows the closed sockets: goodbyes answered, entries flushed, consumers out of their groups.
  stopTimeoutMs: config.AGENT_BRIDGE_DRAIN_S * 1_000 + 15_000,
  build: () => buildBridge(config, { logger, metrics: createMetrics('agent-bridge') }).components,
});
