import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { buildCertWorker } from './build';
import { completeConfig, configSource } from './config';

/** A deployment past its switch is not cut: it ends within its own time limits. */
const STOP_TIMEOUT_MS = 60_000;

const { value: config } = loadConfigOrExit(configSource);
const logger = createLogger({
  service: 'cert-worker',
  level: config.CERT_WORKER_LOG_LEVEL,
  pretty: !config.CERT_WORKER_LOG_JSON,
});

void runService({
  service: 'cert-worker',
  enabled: config.CERT_WORKER_ENABLED,
  logger,
  build: () => buildCertWorker(completeConfig(config), { logger }),
  stopTimeoutMs: STOP_TIMEOUT_MS,
});
