import { privateSigningKey } from '@viw/commands';
import { spkiPin } from '@viw/contracts';
import { AppError, LOG_LEVELS, zBind, zBool, zCsv, zInt, zSecret } from '@viw/runtime';
import { zEncryptionKeys } from '@viw/secrets';
import { z } from 'zod';

/** `JSON.parse` without an error text that quotes its input. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Private JWK of an Ed25519 key with its `kid`. What a JWK may say beside that (`alg`, `use`) is ignored. */
const signingKey = zSecret(43).transform((text, context) => {
  const jwk = z.object(privateSigningKey.shape).safeParse(jsonOf(text));
  if (jwk.success) return jwk.data;
  context.addIssue({ code: 'custom', message: 'a private Ed25519 JWK with a kid' });
  return z.NEVER;
});

const isHubUrl = (text: string): boolean =>
  URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol) && new URL(text).username === '';

const schema = z.object({
  BACKEND_ENABLED: zBool().default(false),
  BACKEND_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  BACKEND_LOG_JSON: zBool().default(true),
  BACKEND_BIND: zBind().prefault('127.0.0.1:8080'),
  BACKEND_OPS_BIND: zBind().prefault('127.0.0.1:8081'),
  BACKEND_OPS_TOKEN: zSecret().optional(),
  /** With its password, so it counts as a secret; the same for Redis. */
  BACKEND_DATABASE_URL: zSecret(8).optional(),
  BACKEND_REDIS_URL: zSecret(8).optional(),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  BACKEND_REDIS_STRICT: zBool().default(false),
  /** How long entries stay in their stream after every reader has acknowledged them, for inspection. Seconds. */
  BACKEND_STREAM_RETENTION_S: zInt({ min: 0, max: 2_592_000 }).default(600),
  /** For `migrate` only: the account that owns the schema. */
  BACKEND_MIGRATION_DATABASE_URL: zSecret(8).optional(),
  /** Built files of the panel; without it no panel is served. */
  BACKEND_PANEL_DIR: z.string().min(1).optional(),
  /** False only where browsers reach the panel by plain HTTP. */
  BACKEND_COOKIE_SECURE: zBool().default(true),
  /** Makes the first administrator; without it nobody can. */
  BACKEND_SETUP_TOKEN: zSecret().optional(),
  /** Seals SSH credentials, for which it is the same value as the cert-worker's, and the backend's own keys. */
  BACKEND_ENCRYPTION_KEY: zEncryptionKeys().optional(),
  /** First command signing key of an installation that has none; without it one is made. Later ones come by rotation. */
  BACKEND_COMMAND_SIGNING_KEY: signingKey.optional(),
  /** How long hosts are told of a new command signing key before it is used. Seconds. */
  BACKEND_COMMAND_KEY_ANNOUNCE_S: zInt({ min: 1, max: 604_800 }).default(300),
  /** Where enrolled agents are told to dial; without it each host's own configuration says so. */
  BACKEND_AGENT_HUB_URLS: zCsv()
    .refine((urls) => urls.length <= 16 && urls.every(isHubUrl), 'wss:// URLs, 16 at most')
    .default([]),
  /** Pins of the hubs' certificates that enrolled agents are to insist on. */
  BACKEND_AGENT_HUB_PINS: zCsv()
    .refine(
      (pins) => pins.length <= 16 && pins.every((pin) => spkiPin.safeParse(pin).success),
      'base64 of SHA-256 of SubjectPublicKeyInfos, 16 at most',
    )
    .default([]),
  /** How long hubs take the former key of an agent that has renewed it. Seconds. */
  BACKEND_AGENT_KEY_OVERLAP_S: zInt({ min: 0, max: 2_592_000 }).default(86_400),
  /** Life of the client certificates that agents are issued; 0: they are issued none. Days. */
  BACKEND_AGENT_CERTIFICATE_DAYS: zInt({ min: 0, max: 365 }).default(30),
});

export const configSource = { service: 'backend', schema } as const;
export type Config = z.output<typeof schema>;

const required = ['BACKEND_DATABASE_URL', 'BACKEND_REDIS_URL', 'BACKEND_ENCRYPTION_KEY'] as const;
export type CompleteConfig = Config & {
  readonly [K in (typeof required)[number]]-?: NonNullable<Config[K]>;
};

/** What an enabled backend cannot do without. @throws AppError CONFIG_INVALID */
export function completeConfig(config: Config): CompleteConfig {
  const missing = required.filter((name) => config[name] === undefined);
  if (missing.length > 0)
    throw new AppError('CONFIG_INVALID', `needed (or each with _FILE): ${missing.join(', ')}`, {
      meta: { errors: missing.map((path) => ({ path, msg: 'missing' })) },
    });
  return config as CompleteConfig;
}

/** @throws AppError CONFIG_INVALID */
export function migrationUrl(config: Config): string {
  if (config.BACKEND_MIGRATION_DATABASE_URL === undefined)
    throw new AppError('CONFIG_INVALID', 'BACKEND_MIGRATION_DATABASE_URL (or with _FILE) is needed');
  return config.BACKEND_MIGRATION_DATABASE_URL;
}
