import { hostname } from 'node:os';
import { AppError, LOG_LEVELS, zBind, zBool, zInt, zSecret } from '@viw/runtime';
import { z } from 'zod';

const schema = z.object({
  RESULTS_WRITER_ENABLED: zBool().default(false),
  RESULTS_WRITER_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  RESULTS_WRITER_LOG_JSON: zBool().default(true),
  RESULTS_WRITER_OPS_BIND: zBind().prefault('127.0.0.1:8084'),
  RESULTS_WRITER_OPS_TOKEN: zSecret().optional(),
  /** With its password, so it counts as a secret. */
  RESULTS_WRITER_REDIS_URL: zSecret(8).optional(),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  RESULTS_WRITER_REDIS_STRICT: zBool().default(false),
  /** Straight to Postgres: advisory locks need a session, which a pooler in transaction mode takes away. */
  RESULTS_WRITER_DATABASE_URL: zSecret(8).optional(),
  /** Name within the consumer group: the same again after a restart, another one for each replica. */
  RESULTS_WRITER_CONSUMER: z.string().min(1).max(128).default(hostname()),
  RESULTS_WRITER_BATCH_SIZE: zInt({ min: 1, max: 500 }).default(200),
  /**
   * Days for which a command that has ended is kept with its results. Longer than any command can live, a host's journal or the
   * API can tell a repetition by, and any stream keeps entries that were read (30 days).
   */
  RESULTS_WRITER_COMMAND_RETENTION_DAYS: zInt({ min: 31, max: 3_650 }).default(400),
});

export const configSource = { service: 'results-writer', schema } as const;
export type Config = z.output<typeof schema>;
export type CompleteConfig = Config & {
  RESULTS_WRITER_REDIS_URL: string;
  RESULTS_WRITER_DATABASE_URL: string;
};

/** What an enabled writer cannot do without. @throws AppError CONFIG_INVALID */
export function completeConfig(config: Config): CompleteConfig {
  const { RESULTS_WRITER_REDIS_URL, RESULTS_WRITER_DATABASE_URL } = config;
  if (RESULTS_WRITER_REDIS_URL === undefined || RESULTS_WRITER_DATABASE_URL === undefined) {
    throw new AppError(
      'CONFIG_INVALID',
      'RESULTS_WRITER_REDIS_URL and RESULTS_WRITER_DATABASE_URL (or each with _FILE) are needed',
    );
  }
  return { ...config, RESULTS_WRITER_REDIS_URL, RESULTS_WRITER_DATABASE_URL };
}
