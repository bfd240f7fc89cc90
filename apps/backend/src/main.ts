import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { version } from '../package.json';
import { buildBackend } from './build';
import { completeConfig, configSource } from './config';
import { runMigrations } from './migrations';
import { verifyAudit } from './verify-audit';

const [command, ...flags] = process.argv.slice(2);
const task = command === 'migrate' || command === 'verify-audit' ? command : undefined;
const { value: config } = loadConfigOrExit(task ? { ...configSource, argv: flags } : configSource);
const logger = createLogger({
  service: 'backend',
  level: config.BACKEND_LOG_LEVEL,
  pretty: !config.BACKEND_LOG_JSON,
});

if (task === 'verify-audit') {
  const out = (text: string): void => void process.stdout.write(text);
  void verifyAudit(config, { logger, out }).then((code) => process.exit(code));
} else if (task === 'migrate') {
  void runMigrations(config, { logger }).then((code) => process.exit(code));
} else {
  void runService({
    service: 'backend',
    enabled: config.BACKEND_ENABLED,
    logger,
    build: () => buildBackend(completeConfig(config), { logger, version }).components,
  });
}
