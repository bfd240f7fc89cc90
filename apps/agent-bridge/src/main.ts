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
  build: () => buildBridge(config, { logger, metrics: createMetrics('agent-bridge') }).components,
});
