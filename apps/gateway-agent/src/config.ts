import { trustedKeySet } from '@viw/commands';
import { agentId, agentWebSocketPath, helperSocketPath, limits } from '@viw/contracts';
import { isLoopback, LOG_LEVELS, zBind, zBool, zCsv, zInt, zSecret } from '@viw/runtime';
import { z } from 'zod';

const hubUrl = z.string('a ws:// or wss:// URL').transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^wss?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    context.addIssue({ code: 'custom', message: 'a ws:// or wss:// URL without credentials and query' });
    return z.NEVER;
  }
  if (url.pathname === '/') url.pathname = agentWebSocketPath;
  return url.href;
});

const jwks = z.string('a JWKS').transform((text, context) => {
  try {
    return trustedKeySet.parse(JSON.parse(text)).keys;
  } catch {
    context.addIssue({ code: 'custom', message: 'a JWKS of Ed25519 public keys, each with a kid' });
    return z.NEVER;
  }
});

const serviceNames = zCsv().refine(
  (names) => names.length <= 64 && names.every((name) => /^[A-Za-z0-9][A-Za-z0-9@._:-]{0,63}$/.test(name)),
  'names of systemd services',
);

const zFilePath = () => z.string().startsWith('/', { error: 'an absolute path' });

const fields = z.object({
  GATEWAY_AGENT_ENABLED: zBool().default(false),
  GATEWAY_AGENT_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  GATEWAY_AGENT_LOG_JSON: zBool().default(true),
  GATEWAY_AGENT_ID: agentId.optional(),
  GATEWAY_AGENT_SITE: z.string().max(128).optional(),
  GATEWAY_AGENT_HUB_URL: hubUrl.optional(),
  GATEWAY_AGENT_ALLOW_PLAINTEXT: zBool().default(false),
  /** PEM; the way by file is GATEWAY_AGENT_CA_FILE. */
  GATEWAY_AGENT_CA: z
    .string()
    .includes('-----BEGIN CERTIFICATE-----', { error: 'PEM certificates' })
    .optional(),
  GATEWAY_AGENT_SHARED_SECRET: zSecret().optional(),
  /** The agent's own Ed25519 private key: PEM, mode 0600. Its public half is registered for this gateway. */
  GATEWAY_AGENT_KEY_FILE: zFilePath().optional(),
  /** Client certificate and its key (PEM, the key 0600). A renewed one is shown at the next connection. */
  GATEWAY_AGENT_TLS_CERT_FILE: zFilePath().optional(),
  GATEWAY_AGENT_TLS_KEY_FILE: zFilePath().optional(),
  GATEWAY_AGENT_HELPER_SOCKET: z
    .string()
    .startsWith('/', { error: 'an absolute path' })
    .default(helperSocketPath),
  GATEWAY_AGENT_HELPER_SECRET: zSecret().optional(),
  /** Keys of the backend that sign commands; the way by file is GATEWAY_AGENT_TRUSTED_KEYS_FILE. */
  GATEWAY_AGENT_TRUSTED_KEYS: jwks.optional(),
  GATEWAY_AGENT_STATE_DIR: z
    .string()
    .startsWith('/', { error: 'an absolute path' })
    .default('/var/lib/viworks/gateway-agent'),
  GATEWAY_AGENT_MAX_CONCURRENCY: zInt({ min: 1, max: 64 }).default(limits.maxConcurrency),
  GATEWAY_AGENT_TELEMETRY_INTERVAL_S: zInt({ min: 1, max: 3_600 }).default(limits.telemetryEveryMs / 1_000),
  /** `helper`: of the host, asked by the helper; for an agent in a container, whose own /proc says nothing of the host. */
  GATEWAY_AGENT_METRICS: z.enum(['own', 'helper'], 'own or helper').default('own'),
  GATEWAY_AGENT_SERVICES: serviceNames.default(['openvpn', 'fwknop', 'nginx']),
  GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: zInt({ min: 0, max: 3_600 }).default(10),
  /** Ops endpoints; none without it. */
  GATEWAY_AGENT_OPS_BIND: zBind().optional(),
  GATEWAY_AGENT_OPS_TOKEN: zSecret().optional(),
});

type Values = z.output<typeof fields>;

/** What an enabled agent cannot be without. */
const required = ['GATEWAY_AGENT_ID', 'GATEWAY_AGENT_HUB_URL'] as const;

/** One of them at least. */
const proofs = [
  'GATEWAY_AGENT_SHARED_SECRET',
  'GATEWAY_AGENT_KEY_FILE',
  'GATEWAY_AGENT_TLS_CERT_FILE',
] as const;

export type AgentConfig = Values & {
  readonly [K in (typeof required)[number]]-?: NonNullable<Values[K]>;
};

function isRemotePlaintext(href: string): boolean {
  const { protocol, hostname } = new URL(href);
  return protocol === 'ws:' && !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}

const schema = fields.superRefine((config, context) => {
  if (!config.GATEWAY_AGENT_ENABLED) return;
  const fault = (name: keyof Values, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  for (const name of required)
    if (config[name] === undefined) fault(name, 'a value when the agent is enabled');
  if (proofs.every((name) => config[name] === undefined))
    fault('GATEWAY_AGENT_SHARED_SECRET', `a proof of identity: ${proofs.join(', ')}`);
  if (
    (config.GATEWAY_AGENT_TLS_CERT_FILE === undefined) !==
    (config.GATEWAY_AGENT_TLS_KEY_FILE === undefined)
  )
    fault('GATEWAY_AGENT_TLS_KEY_FILE', 'certificate and key, or neither');
  if (config.GATEWAY_AGENT_TLS_CERT_FILE !== undefined && config.GATEWAY_AGENT_HUB_URL?.startsWith('ws:'))
    fault('GATEWAY_AGENT_HUB_URL', 'wss://, over which a client certificate can be shown');
  if (config.GATEWAY_AGENT_HELPER_SECRET !== undefined && config.GATEWAY_AGENT_TRUSTED_KEYS === undefined)
    fault('GATEWAY_AGENT_TRUSTED_KEYS', 'the keys that prove commands, because a helper is configured');
  if (config.GATEWAY_AGENT_METRICS === 'helper' && config.GATEWAY_AGENT_HELPER_SECRET === undefined)
    fault('GATEWAY_AGENT_HELPER_SECRET', 'the helper’s secret, because it is asked for the metrics');
  const url = config.GATEWAY_AGENT_HUB_URL;
  if (url !== undefined && !config.GATEWAY_AGENT_ALLOW_PLAINTEXT && isRemotePlaintext(url))
    fault('GATEWAY_AGENT_HUB_URL', 'wss://, or ws:// with GATEWAY_AGENT_ALLOW_PLAINTEXT=true');
});

export const configSource = { service: 'gateway-agent', schema } as const;

/** The schema has refused an enabled agent's configuration without these. */
export const isComplete = (config: Values): config is AgentConfig =>
  required.every((name) => config[name] !== undefined);
