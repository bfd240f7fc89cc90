import { loadConfig } from './config';
import type { LoadConfigOptions, LoadedConfig } from './config';
import { AppError } from './errors';
import { Lifecycle } from './lifecycle';
import type { Component } from './lifecycle';
import { createLogger } from './logging';
import type { Logger } from './logging';
import type { z } from 'zod';

const STOP_TIMEOUT_MS = 10_000;

/** Lets a component end its own process, as an agent does that was decommissioned. */
export interface ServiceControl {
  /** Begins the graceful stop. The first call decides the exit status (default 0). */
  requestStop(reason: string, exitCode?: number): void;
}

export interface ServiceOptions {
  readonly service: string;
  /** False: say so in the log and exit 0. */
  readonly enabled: boolean;
  readonly logger: Logger;
  /** Components in the order in which they start; they stop in reverse. */
  readonly build: (control: ServiceControl) => readonly Component[] | Promise<readonly Component[]>;
  /** For the whole stop, in milliseconds; then the process exits 1. Default 10 s. */
  readonly stopTimeoutMs?: number;
}

/** `loadConfig` for `main.ts`: an invalid configuration is one log line naming every fault, and exit 1. */
export function loadConfigOrExit<Schema extends z.ZodObject>(
  options: LoadConfigOptions<Schema>,
): LoadedConfig<z.output<Schema>> {
  try {
    return loadConfig(options);
  } catch (error) {
    const logger = createLogger({ service: options.service });
    if (error instanceof AppError && error.code === 'CONFIG_INVALID') {
      logger.fatal({ event: 'config_invalid', errors: error.meta.errors }, error.message);
    } else {
      logger.fatal({ event: 'config_invalid', error }, 'configuration cannot be loaded');
    }
    process.exit(1);
  }
}

/**
 * The life of a process: start, wait for a signal, stop.
 *
 * * SIGTERM or SIGINT stops gracefully and exits 0; a second signal, a component that fails to stop, or the time
 *   limit exits 1.
 * * A failed start stops what had started and exits 1; the log line names the address when it could not be bound.
 * * An unhandled rejection or exception leaves the state unknown: it is logged and the process exits 1 at once.
 *
 * Resolves when everything has started. Call it once per process.
 *
 * @example await runService({ service: 'notifier', enabled: config.NOTIFIER_ENABLED, logger, build: () => [redis, ops] });
 */
export async function runService({
  service,
  enabled,
  logger,
  build,
  stopTimeoutMs = STOP_TIMEOUT_MS,
}: ServiceOptions): Promise<void> {
  if (!enabled) {
    logger.info({ event: 'disabled' }, `${service} is disabled`);
    process.exit(0);
  }

  let lifecycle: Lifecycle | undefined;
  let stopRequested = false;

  const crash = (event: string) => (error: unknown) => {
    logger.fatal({ event, error }, 'state unknown, exiting');
    process.exit(1);
  };

  const stop = async (reason: string, exitCode: number): Promise<void> => {
    logger.info({ event: 'stopping', reason }, `${service} is stopping`);
    setTimeout(() => {
      logger.error({ event: 'stop_timeout', limit_ms: stopTimeoutMs }, 'did not stop in time, exiting');
      process.exit(1);
    }, stopTimeoutMs);
    try {
      await lifecycle?.stop();
    } catch (error) {
      logger.error({ event: 'stop_failed', error }, 'did not stop cleanly');
      process.exit(1);
    }
    logger.info({ event: 'stopped', reason }, `${service} has stopped`);
    process.exit(exitCode);
  };

  const requestStop = (reason: string, exitCode = 0): void => {
    if (stopRequested) return;
    stopRequested = true;
    void stop(reason, exitCode);
  };

  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopRequested) {
      logger.error({ event: 'forced_exit', reason: signal }, 'second signal, exiting without finishing');
      process.exit(1);
    }
    requestStop(signal);
  };

  process.on('uncaughtException', crash('uncaught_exception'));
  process.on('unhandledRejection', crash('unhandled_rejection'));
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  logger.info({ event: 'starting', pid: process.pid }, `${service} is starting`);
  try {
    lifecycle = new Lifecycle({ components: await build({ requestStop }) }, { logger });
    await lifecycle.start();
  } catch (error) {
    // Stopped while starting: the stop under way ends the process.
    if (stopRequested) return;
    const reason = error instanceof AppError ? error.message : 'see error';
    logger.fatal({ event: 'start_failed', error }, `${service} cannot start: ${reason}`);
    process.exit(1);
  }
  logger.info({ event: 'started' }, `${service} has started`);
}
