import { createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { configSchema, service } from './config';
import { buildHostHelper } from './host-helper';
import { HostKeys } from './keys/host-keys';

const [first, ...rest] = process.argv.slice(2);
const wantsKeys = first === 'keys';

async function main(): Promise<void> {
  const { value: config } = loadConfigOrExit({
    service,
    schema: configSchema,
    argv: wantsKeys ? rest : process.argv.slice(2),
  });
  if (wantsKeys) {
    // `viw-host-helper keys` prints the public halves for enrolment, making the keys on first use.
    const keys = await HostKeys.load(config.HOST_HELPER_KEYS_DIR);
    process.stdout.write(`${JSON.stringify(keys.publicKeys)}\n`);
    return;
  }
  const logger = createLogger({ service, level: config.HOST_HELPER_LOG_LEVEL });
  await runService({
    service,
    enabled: config.HOST_HELPER_ENABLED,
    logger,
    // A command that runs is waited for: killed in the middle, its outcome would stay unknown.
    stopTimeoutMs: (config.HOST_HELPER_TIMEOUT_MAX_S + 10) * 1_000,
    build: () => buildHostHelper(config, { logger }),
  });
}

main().catch((error: unknown) => {
  createLogger({ service }).fatal({ event: 'start_failed', error }, 'host-helper cannot start');
  process.exit(1);
});
