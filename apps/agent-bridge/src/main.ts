import { createLogger, createMetrics, runService } from '@viw/runtime';
import { buildBridge } from './bridge';
import { loadBridgeConfig } from './config';

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
