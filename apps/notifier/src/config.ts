import { hostname } from 'node:os';
import { AppError, LOG_LEVELS, isNetwork, zBind, zBool, zCsv, zInt, zSecret } from '@viw/runtime';
import { zEncryptionKeys } from '@viw/secrets';
import { z } from 'zod';

const schema = z.object({
  NOTIFIER_ENABLED: zBool().default(false),
  NOTIFIER_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  NOTIFIER_LOG_JSON: zBool().default(true),
  NOTIFIER_OPS_BIND: zBind().prefault('127.0.0.1:8086'),
  NOTIFIER_OPS_TOKEN: zSecret().optional(),
  /** With its password, so it counts as a secret; the same for Postgres. */
  NOTIFIER_REDIS_URL: zSecret(8).optional(),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  NOTIFIER_REDIS_STRICT: zBool().default(false),
  /** Straight to Postgres: advisory locks need a session, which a pooler in transaction mode takes away. */
  NOTIFIER_DATABASE_URL: zSecret(8).optional(),
  /** Name within the consumer group: the same again after a restart, another one for each replica. */
  NOTIFIER_CONSUMER: z.string().min(1).max(128).default(hostname()),
  /** Opens the secrets of channels: the same value as the backend's. */
  NOTIFIER_ENCRYPTION_KEY: zEncryptionKeys().optional(),
  /** Networks beside the public Internet that webhooks may lead to. Empty: none. */
  NOTIFIER_PRIVATE_NETWORKS: zCsv()
    .refine((networks) => networks.every(isNetwork), 'a comma-separated list of addresses or networks')
    .default([]),
  /** PEM of roots beside the public ones, for receivers' certificates. */
  NOTIFIER_WEBHOOK_CA: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/, 'PEM certificates')
    .optional(),
  /** From the look-up of the name to the answer. Seconds. */
  NOTIFIER_WEBHOOK_TIMEOUT_S: zInt({ min: 1, max: 60 }).default(10),
  /** After so many a notification is given up, and an alert tells of it. */
  NOTIFIER_ATTEMPTS: zInt({ min: 1, max: 20 }).default(10),
  /** Before the second attempt; four times as long before each further one, eight hours at most. Seconds. */
  NOTIFIER_RETRY_S: zInt({ min: 1, max: 3_600 }).default(5),
});

export const configSource = { service: 'notifier', schema } as const;
export type Config = z.output<typeof schema>;

const required = ['NOTIFIER_REDIS_URL', 'NOTIFIER_DATABASE_URL', 'NOTIFIER_ENCRYPTION_KEY'] as const;
export type CompleteConfig = Config & {
  readonly [K in (typeof required)[number]]-?: NonNullable<Config[K]>;
};

/** What an enabled notifier cannot do without. @throws AppError CONFIG_INVALID */
export function completeConfig(config: Config): CompleteConfig {
  const missing = required.filter((name) => config[name] === undefined);
  if (missing.length > 0)
    throw new AppError('CONFIG_INVALID', `needed (or each with _FILE): ${missing.join(', ')}`, {
      meta: { errors: missing.map((path) => ({ path, msg: 'missing' })) },
    });
  return config as CompleteConfig;
}
