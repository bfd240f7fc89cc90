import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { buildTelemetryWriter } from './build';
import { completeConfig, configSource } from './config';

const { value: config } = loadConfigOrExit(configSource);
const logger = createLogger({
  service: 'telemetry-writer',
  level: config.TELEMETRY_WRITER_LOG_LEVEL,
  pretty: !config.TELEMETRY_WRITER_LOG_JSON,
});

void runService({
  service: 'telemetry-writer',
  enabled: config.TELEMETRY_WRITER_ENABLED,
  logger,
  build: () => buildTelemetryWriter(completeConfig(config), { logger }),
});
