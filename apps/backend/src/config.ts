import { isIP } from 'node:net';
import { privateSigningKey } from '@viw/commands';
import { dnsName, spkiPin } from '@viw/contracts';
import type { RatePolicy } from '@viw/contracts';
import { AppError, LOG_LEVELS, isNetwork, zBind, zBool, zCsv, zInt, zSecret } from '@viw/runtime';
import { zEncryptionKeys } from '@viw/secrets';
import { z } from 'zod';
import { importedTokenKey } from './auth/token-keys';
import type { TokenJwk } from './auth/token-keys';
import { assertOidcComplete, oidcSettings } from './oidc-settings';

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

/** Private keys of API tokens as a JWK set; the first one signs, all of them verify. */
const tokenKeys = zSecret(32).transform((text, context) => {
  const jwk = z.looseObject({ kty: z.string(), kid: z.string().min(1).max(128).optional() });
  const set = z.object({ keys: z.array(jwk).min(1).max(16) }).safeParse(jsonOf(text));
  try {
    const [first, ...rest] = (set.data?.keys ?? []).map((key) => importedTokenKey(key as TokenJwk));
    if (first !== undefined) return [first, ...rest] as const;
  } catch {
    // Said below, without a word of it.
  }
  context.addIssue({ code: 'custom', message: 'a JWK set of private keys: Ed25519, P-256 or RSA' });
  return z.NEVER;
});

const path = z.string('a path').min(1).max(4_096);
const perMinute = (fallback: number) => zInt({ min: 0, max: 10_000_000 }).default(fallback);

/** The origin alone, in its canonical form. */
const publicUrl = z.string('an https:// origin without a path').transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && [url.origin, `${url.origin}/`].includes(text))
    return url.origin;
  context.addIssue({ code: 'custom', message: 'an https:// origin without a path' });
  return z.NEVER;
});

const isHubUrl = (text: string): boolean =>
  URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol) && new URL(text).username === '';

/** No wildcard: a listener has names, and one challenge fits them all. */
const isServerName = (name: string): boolean =>
  isIP(name) !== 0 || (dnsName.safeParse(name.toLowerCase()).success && !name.startsWith('*'));

const schema = z.object({
  BACKEND_ENABLED: zBool().default(false),
  BACKEND_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  BACKEND_LOG_JSON: zBool().default(true),
  BACKEND_BIND: zBind().prefault('127.0.0.1:8080'),
  /** Proxies whose X-Forwarded-For is believed: limits and audit name who is behind them. */
  BACKEND_TRUSTED_PROXIES: zCsv()
    .refine((networks) => networks.every(isNetwork), 'a comma-separated list of addresses or networks')
    .default([]),
  /**
   * `insecure`: plain HTTP, on loopback only unless forced. `ca`: TLS with a certificate of viw's own authority. `acme`: with one
   * of an ACME CA, which reaches this listener at port 443 of every name. `custom`: with the files below, which may be replaced
   * any time.
   */
  BACKEND_TLS_MODE: z
    .enum(['insecure', 'ca', 'acme', 'custom'], 'insecure, ca, acme or custom')
    .default('insecure'),
  /** Of `ca` and `acme`: what clients call this listener; DNS names and addresses. The same in every backend. */
  BACKEND_TLS_NAMES: zCsv()
    .refine(
      (names) => names.length <= 20 && names.every(isServerName),
      'DNS names or IP addresses, 20 at most',
    )
    .transform((names) => [...new Set(names.map((name) => name.toLowerCase()))])
    .default([]),
  /** Of `acme`. */
  BACKEND_TLS_ACME_DIRECTORY_URL: z.url({ protocol: /^https$/, error: 'an https:// URL' }).optional(),
  /** PEM of roots beside the system's, for the directory's own HTTPS. */
  BACKEND_TLS_ACME_CA: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/, 'PEM certificates')
    .optional(),
  BACKEND_TLS_ACME_CONTACT: z
    .string()
    .regex(/^mailto:[^@\s]+@[^@\s]+$/, 'mailto:<address>')
    .optional(),
  /** A person has read the terms of the certificate authority. */
  BACKEND_TLS_ACME_TERMS_AGREED: zBool().default(true),
  /** External account binding, where the CA asks for one: key id and MAC key (base64url), as the CA gave them. */
  BACKEND_TLS_ACME_EAB_KID: z.string().min(1).max(256).optional(),
  BACKEND_TLS_ACME_EAB_KEY: zSecret().optional(),
  /** Plain HTTP off loopback all the same: where something in front ends TLS. */
  BACKEND_TLS_INSECURE_FORCE: zBool().default(false),
  /** DNS providers may be at addresses of this machine, as the cert-worker's setting of this name says, too. */
  BACKEND_DNS_PROVIDER_LOOPBACK: zBool().default(false),
  /** ACME directories of the API's accounts likewise. */
  BACKEND_ACME_ACCOUNT_LOOPBACK: zBool().default(false),
  /** Of `custom`, PEM files: chain and private key. */
  BACKEND_TLS_CERT_FILE: path.optional(),
  BACKEND_TLS_KEY_FILE: path.optional(),
  /** PEM file with the issuers of client certificates. With it the listener asks for one. */
  BACKEND_TLS_CLIENT_CA_FILE: path.optional(),
  /** Nobody gets in without a client certificate, people included. */
  BACKEND_TLS_CLIENT_REQUIRED: zBool().default(false),
  BACKEND_OPS_BIND: zBind().prefault('127.0.0.1:8081'),
  BACKEND_OPS_TOKEN: zSecret().optional(),
  /** With its password, so it counts as a secret; the same for Redis. */
  BACKEND_DATABASE_URL: zSecret(8).optional(),
  BACKEND_REDIS_URL: zSecret(8).optional(),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  BACKEND_REDIS_STRICT: zBool().default(false),
  /**
   * How long entries stay in their stream after every reader has acknowledged them, for inspection. Seconds; the most, 30 days, is
   * less than the least for which writers keep what came of them (ADR 30).
   */
  BACKEND_STREAM_RETENTION_S: zInt({ min: 0, max: 2_592_000 }).default(600),
  /** How long lines of the audit log are kept; 0: for good. Days, 30 at least. By `migrate` it becomes what no backend can go below. */
  BACKEND_AUDIT_RETENTION_DAYS: zInt({ min: 0, max: 36_500 })
    .refine((days) => days === 0 || days >= 30, '0, or 30 at least')
    .default(400),
  /** For `migrate` only: the account that owns the schema. */
  BACKEND_MIGRATION_DATABASE_URL: zSecret(8).optional(),
  /** Built files of the panel; without it no panel is served. */
  BACKEND_PANEL_DIR: z.string().min(1).optional(),
  /** False only where browsers reach the panel by plain HTTP. */
  BACKEND_COOKIE_SECURE: zBool().default(true),
  /** Makes the first administrator; without it nobody can. */
  BACKEND_SETUP_TOKEN: zSecret().optional(),
  /** Origin by which people and programs reach this backend, such as `https://viw.example.org`. */
  BACKEND_PUBLIC_URL: publicUrl.optional(),
  ...oidcSettings,
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
  /** Signs API tokens; without it a key does that is made at first need and kept sealed in Postgres. */
  BACKEND_TOKEN_KEYS: tokenKeys.optional(),
  /** How long a new key of API tokens is published before it signs: whoever verifies tokens reads the keys now and then. Seconds. */
  BACKEND_TOKEN_KEY_ANNOUNCE_S: zInt({ min: 10, max: 604_800 }).default(300),
  /** Requests per minute, counted over all backends; 0: not limited. From one address, whatever they ask for. */
  BACKEND_RATE_ADDRESS_PER_MIN: perMinute(12_000),
  /** Sign-ins from one address, beside the delays that failed ones bring. */
  BACKEND_RATE_SIGN_IN_PER_MIN: perMinute(120),
  /** Browsers that the identity provider has led back to one address: a quota of its own. */
  BACKEND_RATE_SIGN_IN_RETURN_PER_MIN: perMinute(120),
  /** Enrolments and key renewals from one address. */
  BACKEND_RATE_AGENT_PER_MIN: perMinute(600),
  /** Reads, writes, and what walks whole tables, of one caller. */
  BACKEND_RATE_READ_PER_MIN: perMinute(6_000),
  BACKEND_RATE_WRITE_PER_MIN: perMinute(3_000),
  BACKEND_RATE_HEAVY_PER_MIN: perMinute(60),
  /** How long hubs take the former key of an agent that has renewed it. Seconds. */
  BACKEND_AGENT_KEY_OVERLAP_S: zInt({ min: 0, max: 2_592_000 }).default(86_400),
  /** Origin by which /pki is reached, better by plain HTTP: stands in the certificates of services, which name no place to ask otherwise. */
  BACKEND_PKI_URL: publicUrl.optional(),
  /** How long the next root, or the next authority of gateways, is published before it issues, so that whoever checks can learn it. Seconds. */
  BACKEND_CA_ANNOUNCE_S: zInt({ min: 0, max: 31_536_000 }).default(604_800),
  /** How long a former authority stays trusted at least. Seconds. */
  BACKEND_CA_OVERLAP_S: zInt({ min: 0, max: 157_680_000 }).default(2_592_000),
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
  const { BACKEND_TLS_MODE: mode } = config;
  const tls = [
    ...(mode === 'custom' ? (['BACKEND_TLS_CERT_FILE', 'BACKEND_TLS_KEY_FILE'] as const) : []),
    ...(mode === 'acme' ? (['BACKEND_TLS_ACME_DIRECTORY_URL'] as const) : []),
    ...(config.BACKEND_TLS_CLIENT_REQUIRED ? (['BACKEND_TLS_CLIENT_CA_FILE'] as const) : []),
  ].filter((name) => config[name] === undefined);
  if (tls.length > 0)
    throw new AppError('CONFIG_INVALID', `needed as well: ${tls.join(', ')}`, {
      meta: { errors: tls.map((path) => ({ path, msg: 'missing' })) },
    });
  if (mode === 'insecure' && config.BACKEND_TLS_CLIENT_CA_FILE !== undefined)
    throw new AppError('CONFIG_INVALID', 'BACKEND_TLS_CLIENT_CA_FILE needs a BACKEND_TLS_MODE with TLS');
  if ((mode === 'ca' || mode === 'acme') && config.BACKEND_TLS_NAMES.length === 0)
    throw new AppError('CONFIG_INVALID', `BACKEND_TLS_MODE=${mode} needs BACKEND_TLS_NAMES`);
  if ((config.BACKEND_TLS_ACME_EAB_KID === undefined) !== (config.BACKEND_TLS_ACME_EAB_KEY === undefined))
    throw new AppError('CONFIG_INVALID', 'BACKEND_TLS_ACME_EAB_KID and BACKEND_TLS_ACME_EAB_KEY go together');
  assertOidcComplete(config);
  return config as CompleteConfig;
}

/** Stops of one principal. */
const EMERGENCY_PER_MIN = 10;

export const ratesPerMinute = (config: Config): Record<RatePolicy, number> => ({
  address: config.BACKEND_RATE_ADDRESS_PER_MIN,
  sign_in: config.BACKEND_RATE_SIGN_IN_PER_MIN,
  sign_in_return: config.BACKEND_RATE_SIGN_IN_RETURN_PER_MIN,
  agent: config.BACKEND_RATE_AGENT_PER_MIN,
  read: config.BACKEND_RATE_READ_PER_MIN,
  write: config.BACKEND_RATE_WRITE_PER_MIN,
  heavy: config.BACKEND_RATE_HEAVY_PER_MIN,
  // Not to be set: the emergency stop is neither to be switched off nor without a bound.
  emergency: EMERGENCY_PER_MIN,
});

/** @throws AppError CONFIG_INVALID */
export function migrationUrl(config: Config): string {
  if (config.BACKEND_MIGRATION_DATABASE_URL === undefined)
    throw new AppError('CONFIG_INVALID', 'BACKEND_MIGRATION_DATABASE_URL (or with _FILE) is needed');
  return config.BACKEND_MIGRATION_DATABASE_URL;
}
