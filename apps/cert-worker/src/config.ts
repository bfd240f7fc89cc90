import { hostname } from 'node:os';
import {
  AppError,
  LOG_LEVELS,
  isLoopbackNetwork,
  isNetwork,
  zBind,
  zBool,
  zCsv,
  zInt,
  zSecret,
} from '@viw/runtime';
import { parseTsigKey } from '@viw/acme';
import { zEncryptionKeys } from '@viw/secrets';
import { z } from 'zod';

const zTsigKey = () =>
  zSecret().transform((text, context) => {
    const key = parseTsigKey(text);
    if (key) return key;
    context.addIssue({ code: 'custom', message: '[hmac-sha256:]name:base64, of 16 bytes at least' });
    return z.NEVER;
  });

const schema = z.object({
  CERT_WORKER_ENABLED: zBool().default(false),
  CERT_WORKER_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  CERT_WORKER_LOG_JSON: zBool().default(true),
  CERT_WORKER_OPS_BIND: zBind().prefault('127.0.0.1:8085'),
  CERT_WORKER_OPS_TOKEN: zSecret().optional(),
  /** With its password, so it counts as a secret; the same for Postgres. */
  CERT_WORKER_REDIS_URL: zSecret(8).optional(),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  CERT_WORKER_REDIS_STRICT: zBool().default(false),
  /** Straight to Postgres: advisory locks need a session, which a pooler in transaction mode takes away. */
  CERT_WORKER_DATABASE_URL: zSecret(8).optional(),
  /** Name within the consumer group: the same again after a restart, another one for each replica. */
  CERT_WORKER_CONSUMER: z.string().min(1).max(128).default(hostname()),
  /** Opens SSH credentials, seals private keys: the same value as the backend's. */
  CERT_WORKER_ENCRYPTION_KEY: zEncryptionKeys().optional(),
  CERT_WORKER_ACME_DIRECTORY_URL: z.url({ protocol: /^https$/, error: 'an https:// URL' }).optional(),
  /** Where names are proved first after a failed validation; for Let's Encrypt its staging directory by default. */
  CERT_WORKER_ACME_STAGING_URL: z.url({ protocol: /^https$/, error: 'an https:// URL' }).optional(),
  /** PEM of roots beside the system's, for the directory's own HTTPS. */
  CERT_WORKER_ACME_CA: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/, 'PEM certificates')
    .optional(),
  CERT_WORKER_ACME_CONTACT: z
    .string()
    .regex(/^mailto:[^@\s]+@[^@\s]+$/, 'mailto:<address>')
    .optional(),
  /** A person has read the terms of the certificate authority. */
  CERT_WORKER_ACME_TERMS_AGREED: zBool().default(true),
  /** External account binding, where the CA asks for one: key id and MAC key (base64url), as the CA gave them. */
  CERT_WORKER_ACME_EAB_KID: z.string().min(1).max(256).optional(),
  CERT_WORKER_ACME_EAB_KEY: zSecret().optional(),
  /** One that the CA's directory names, such as `tlsserver` or `shortlived`; the CA's default otherwise. */
  CERT_WORKER_ACME_PROFILE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a profile name')
    .optional(),
  /** Common name of the root that chains are to end at, where the CA has several; its default otherwise. */
  CERT_WORKER_ACME_PREFERRED_CHAIN: z.string().min(1).max(64).optional(),
  /** Life of what viw's own CA (`private-ca`) issues to web servers, days. */
  CERT_WORKER_PRIVATE_CA_DAYS: zInt({ min: 1, max: 365 }).default(90),
  /** Port 80 of every name has to lead here for `/.well-known/acme-challenge/`. */
  CERT_WORKER_HTTP01_BIND: zBind().prefault('127.0.0.1:8089'),
  /**
   * Makes TLS-ALPN-01 possible: connections to port 443 of every name that ask for `acme-tls/1` have to lead here, undecrypted.
   */
  CERT_WORKER_TLSALPN01_BIND: zBind().optional(),
  /** Primary name server that takes dynamic updates (RFC 2136), `address:port`; with the key it makes DNS-01 possible. */
  CERT_WORKER_RFC2136_SERVER: zBind().optional(),
  /** `[algorithm:]name:base64`, as for `nsupdate -y`; hmac-sha256, -sha384 or -sha512. */
  CERT_WORKER_RFC2136_KEY: zTsigKey().optional(),
  /** Recursive resolvers, `address` or `address:port`; the system's by default. Used to find zones and to follow CNAMEs. */
  CERT_WORKER_DNS_RESOLVERS: zCsv().default([]),
  /** Where authoritative name servers are asked. */
  CERT_WORKER_DNS_AUTHORITY_PORT: zInt({ min: 1, max: 65_535 }).default(53),
  /** How long a TXT record may take to show at every authoritative name server, milliseconds. */
  CERT_WORKER_DNS_PROPAGATION_MS: zInt({ min: 1_000, max: 600_000 }).default(120_000),
  /** How long the operations of a worker that died wait until another one goes on with them, seconds. */
  CERT_WORKER_LEASE_S: zInt({ min: 3, max: 300 }).default(15),
  /**
   * Networks beside the public Internet where DNS providers and ACME directories that the API has named may be, those only by
   * HTTPS, and authoritative name servers of names to be proved by DNS-01. Empty: none.
   */
  CERT_WORKER_PRIVATE_NETWORKS: zCsv()
    .refine(
      (networks) => networks.every((one) => isNetwork(one) && !isLoopbackNetwork(one)),
      'a comma-separated list of addresses or networks, none of this machine',
    )
    .default([]),
  /** DNS providers may be at addresses of this machine, and by plain HTTP there; authoritative name servers as well. */
  CERT_WORKER_DNS_PROVIDER_LOOPBACK: zBool().default(false),
  /** Directories of accounts that the API has made may be at addresses of this machine, likewise. */
  CERT_WORKER_ACME_ACCOUNT_LOOPBACK: zBool().default(false),
  /** How often DNS is asked for TXT records that people are to set, milliseconds. */
  CERT_WORKER_DNS_MANUAL_EVERY_MS: zInt({ min: 100, max: 600_000 }).default(10_000),
  /** Operations at the same time. */
  CERT_WORKER_CONCURRENCY: zInt({ min: 1, max: 64 }).default(4),
  /** What is due is begun at most so much later, milliseconds. */
  CERT_WORKER_SCHEDULE_EVERY_MS: zInt({ min: 100, max: 600_000 }).default(15_000),
  /**
   * Orders that the schedule may begin in ten minutes, the most urgent first; requests of people are not counted. Let's
   * Encrypt allows an account 300 in three hours.
   */
  CERT_WORKER_ORDERS_PER_TEN_MINUTES: zInt({ min: 1, max: 10_000 }).default(15),
  /** How long a new certificate may take to show after the reload, milliseconds. */
  CERT_WORKER_PROOF_TIMEOUT_MS: zInt({ min: 1_000, max: 300_000 }).default(20_000),
  /** Unix socket of the SSH agent for credentials that say so. */
  CERT_WORKER_SSH_AGENT_SOCKET: z.string().startsWith('/', 'an absolute path').optional(),
  /** How often each virtual host is looked at: is what was proved still served? Seconds. */
  CERT_WORKER_SERVED_CHECK_EVERY_S: zInt({ min: 10, max: 604_800 }).default(14_400),
  /** Days for which operations are kept after their end, versions after theirs, and retired certificates after their retirement. */
  CERT_WORKER_HISTORY_RETENTION_DAYS: zInt({ min: 90, max: 3_650 }).default(400),
  /** Days after which the private key of a version that has ended, was revoked or is in quarantine is destroyed. */
  CERT_WORKER_KEY_RETENTION_DAYS: zInt({ min: 1, max: 3_650 }).default(90),
});

export const configSource = { service: 'cert-worker', schema } as const;
export type Config = z.output<typeof schema>;

const required = [
  'CERT_WORKER_REDIS_URL',
  'CERT_WORKER_DATABASE_URL',
  'CERT_WORKER_ENCRYPTION_KEY',
  'CERT_WORKER_ACME_DIRECTORY_URL',
] as const;
export type CompleteConfig = Config & {
  readonly [K in (typeof required)[number]]-?: NonNullable<Config[K]>;
};

/** What an enabled worker cannot do without. @throws AppError CONFIG_INVALID */
export function completeConfig(config: Config): CompleteConfig {
  const missing = required.filter((name) => config[name] === undefined);
  if (missing.length > 0)
    throw new AppError('CONFIG_INVALID', `needed (or each with _FILE): ${missing.join(', ')}`, {
      meta: { errors: missing.map((path) => ({ path, msg: 'missing' })) },
    });
  if ((config.CERT_WORKER_RFC2136_SERVER === undefined) !== (config.CERT_WORKER_RFC2136_KEY === undefined))
    throw new AppError(
      'CONFIG_INVALID',
      'CERT_WORKER_RFC2136_SERVER and CERT_WORKER_RFC2136_KEY go together',
    );
  if ((config.CERT_WORKER_ACME_EAB_KID === undefined) !== (config.CERT_WORKER_ACME_EAB_KEY === undefined))
    throw new AppError('CONFIG_INVALID', 'CERT_WORKER_ACME_EAB_KID and CERT_WORKER_ACME_EAB_KEY go together');
  return config as CompleteConfig;
}
