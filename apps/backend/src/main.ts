import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { version } from '../package.json';
import { buildBackend } from './build';
import { completeConfig, configSource } from './config';
import { runMigrations } from './migrations';

const [command, ...flags] = process.argv.slice(2);
const migrating = command === 'migrate';
const { value: config } = loadConfigOrExit(migrating ? { ...configSource, argv: flags } : configSource);
const logger = createLogger({
  service: 'backend',
  level: config.BACKEND_LOG_LEVEL,
  pretty: !config.BACKEND_LOG_JSON,
});

if (migrating) {
  void runMigrations(config, { logger }).then((code) => process.exit(code));
} else {
  void runService({
    service: 'backend',
    enabled: config.BACKEND_ENABLED,
    logger,
    build: () => buildBackend(completeConfig(config), { logger, version }).components,
  });
}
