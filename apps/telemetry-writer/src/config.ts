import { hostname } from 'node:os';
import { AppError, LOG_LEVELS, zBind, zBool, zInt, zSecret } from '@viw/runtime';
import { z } from 'zod';

const schema = z.object({
  TELEMETRY_WRITER_ENABLED: zBool().default(false),
  TELEMETRY_WRITER_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  TELEMETRY_WRITER_LOG_JSON: zBool().default(true),
  TELEMETRY_WRITER_OPS_BIND: zBind().prefault('127.0.0.1:8083'),
  TELEMETRY_WRITER_OPS_TOKEN: zSecret().optional(),
  /** With its password, so it counts as a secret. */
  TELEMETRY_WRITER_REDIS_URL: zSecret(8).optional(),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  TELEMETRY_WRITER_REDIS_STRICT: zBool().default(false),
  /** Straight to Postgres: advisory locks need a session, which a pooler in transaction mode takes away. */
  TELEMETRY_WRITER_DATABASE_URL: zSecret(8).optional(),
  /** Name within the consumer group: the same again after a restart, another one for each replica. */
  TELEMETRY_WRITER_CONSUMER: z.string().min(1).max(128).default(hostname()),
  TELEMETRY_WRITER_BATCH_SIZE: zInt({ min: 1, max: 500 }).default(200),
  /** Silence after which a gateway counts as lost, seconds. */
  TELEMETRY_WRITER_LOST_AFTER_S: zInt({ min: 10, max: 86_400 }).default(120),
  /** Days for which points are kept. */
  TELEMETRY_WRITER_RETENTION_DAYS: zInt({ min: 2, max: 3_650 }).default(30),
  /** Days for which sessions are kept after their end, and events. Longer than any stream keeps entries that were read (30 days). */
  TELEMETRY_WRITER_SESSION_RETENTION_DAYS: zInt({ min: 31, max: 3_650 }).default(90),
  TELEMETRY_WRITER_EVENT_RETENTION_DAYS: zInt({ min: 31, max: 3_650 }).default(90),
});

export const configSource = { service: 'telemetry-writer', schema } as const;
export type Config = z.output<typeof schema>;
export type CompleteConfig = Config & {
  TELEMETRY_WRITER_REDIS_URL: string;
  TELEMETRY_WRITER_DATABASE_URL: string;
};

/** What an enabled writer cannot do without. @throws AppError CONFIG_INVALID */
export function completeConfig(config: Config): CompleteConfig {
  const { TELEMETRY_WRITER_REDIS_URL, TELEMETRY_WRITER_DATABASE_URL } = config;
  if (TELEMETRY_WRITER_REDIS_URL === undefined || TELEMETRY_WRITER_DATABASE_URL === undefined) {
    throw new AppError(
      'CONFIG_INVALID',
      'TELEMETRY_WRITER_REDIS_URL and TELEMETRY_WRITER_DATABASE_URL (or each with _FILE) are needed',
    );
  }
  return { ...config, TELEMETRY_WRITER_REDIS_URL, TELEMETRY_WRITER_DATABASE_URL };
}
