import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { buildResultsWriter } from './build';
import { completeConfig, configSource } from './config';

const { value: config } = loadConfigOrExit(configSource);
const logger = createLogger({
  service: 'results-writer',
  level: config.RESULTS_WRITER_LOG_LEVEL,
  pretty: !config.RESULTS_WRITER_LOG_JSON,
});

void runService({
  service: 'results-writer',
  enabled: config.RESULTS_WRITER_ENABLED,
  logger,
  build: () => buildResultsWriter(completeConfig(config), { logger }),
});
