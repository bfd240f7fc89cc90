import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { buildNotifier } from './build';
import { completeConfig, configSource } from './config';

const { value: config } = loadConfigOrExit(configSource);
const logger = createLogger({
  service: 'notifier',
  level: config.NOTIFIER_LOG_LEVEL,
  pretty: !config.NOTIFIER_LOG_JSON,
});

void runService({
  service: 'notifier',
  enabled: config.NOTIFIER_ENABLED,
  logger,
  build: () => buildNotifier(completeConfig(config), { logger }),
});
