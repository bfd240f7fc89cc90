import { zTrustedKeys } from '@viw/commands';
import { agentId, agentWebSocketPath, helperSocketPath, limits, spkiPin } from '@viw/contracts';
import { isLoopback, LOG_LEVELS, zBind, zBool, zCsv, zInt, zSecret } from '@viw/runtime';
import { z } from 'zod';

/** With the default path where it has none; undefined for what is no URL of a hub. */
function hubUrlOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^wss?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  )
    return undefined;
  if (url.pathname === '/') url.pathname = agentWebSocketPath;
  return url.href;
}

const hubUrls = zCsv().transform((texts, context) => {
  const urls = texts.map(hubUrlOf);
  const known = urls.filter((url) => url !== undefined);
  if (known.length === urls.length && known.length >= 1 && known.length <= 16) return known;
  context.addIssue({
    code: 'custom',
    message: 'ws:// or wss:// URLs without credentials and query, 1 to 16, separated by commas',
  });
  return z.NEVER;
});

const pins = zCsv().refine(
  (list) => list.length <= 16 && list.every((pin) => spkiPin.safeParse(pin).success),
  'base64 of SHA-256 of SubjectPublicKeyInfos, separated by commas',
);

const serviceNames = zCsv().refine(
  (names) => names.length <= 64 && names.every((name) => /^[A-Za-z0-9][A-Za-z0-9@._:-]{0,63}$/.test(name)),
  'names of systemd services',
);

const zFilePath = () => z.string().startsWith('/', { error: 'an absolute path' });

/** Without what belongs together being checked. */
export const agentFields = z.object({
  GATEWAY_AGENT_ENABLED: zBool().default(false),
  GATEWAY_AGENT_LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  GATEWAY_AGENT_LOG_JSON: zBool().default(true),
  GATEWAY_AGENT_ID: agentId.optional(),
  GATEWAY_AGENT_SITE: z.string().max(128).optional(),
  /** One or more; dialled in an order of chance, the next one on failure. */
  GATEWAY_AGENT_HUB_URL: hubUrls.optional(),
  /** The hubs' certificates must have one of these keys, beside what TLS verifies. */
  GATEWAY_AGENT_HUB_PINS: pins.default([]),
  GATEWAY_AGENT_ALLOW_PLAINTEXT: zBool().default(false),
  /** PEM; the way by file is GATEWAY_AGENT_CA_FILE. */
  GATEWAY_AGENT_CA: z
    .string()
    .includes('-----BEGIN CERTIFICATE-----', { error: 'PEM certificates' })
    .optional(),
  GATEWAY_AGENT_SHARED_SECRET: zSecret().optional(),
  /** The agent's own Ed25519 private key: PEM, mode 0600. Its public half is registered for this gateway. An enrolled agent has its own. */
  GATEWAY_AGENT_KEY_FILE: zFilePath().optional(),
  /** Client certificate and its key (PEM, the key 0600). A renewed one is shown at the next connection. */
  GATEWAY_AGENT_TLS_CERT_FILE: zFilePath().optional(),
  GATEWAY_AGENT_TLS_KEY_FILE: zFilePath().optional(),
  GATEWAY_AGENT_HELPER_SOCKET: z
    .string()
    .startsWith('/', { error: 'an absolute path' })
    .default(helperSocketPath),
  GATEWAY_AGENT_HELPER_SECRET: zSecret().optional(),
  /** Pinned keys of the backend, from which signed policies lead to later ones; the way by file is GATEWAY_AGENT_TRUSTED_KEYS_FILE. */
  GATEWAY_AGENT_TRUSTED_KEYS: zTrustedKeys().optional(),
  GATEWAY_AGENT_STATE_DIR: z
    .string()
    .startsWith('/', { error: 'an absolute path' })
    .default('/var/lib/viworks/gateway-agent'),
  /** An enrolled agent renews its key when it is so old; 0: never. */
  GATEWAY_AGENT_KEY_RENEW_DAYS: zInt({ min: 0, max: 3_650 }).default(90),
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

type Values = z.output<typeof agentFields>;

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

const schema = agentFields.superRefine((config, context) => {
  if (!config.GATEWAY_AGENT_ENABLED) return;
  const fault = (name: keyof Values, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  const urls = config.GATEWAY_AGENT_HUB_URL ?? [];
  for (const name of required)
    if (config[name] === undefined) fault(name, 'a value when the agent is enabled');
  if (proofs.every((name) => config[name] === undefined))
    fault(
      'GATEWAY_AGENT_SHARED_SECRET',
      `a proof of identity: an enrolment (viw-agent enroll), or ${proofs.join(', ')}`,
    );
  if (
    (config.GATEWAY_AGENT_TLS_CERT_FILE === undefined) !==
    (config.GATEWAY_AGENT_TLS_KEY_FILE === undefined)
  )
    fault('GATEWAY_AGENT_TLS_KEY_FILE', 'certificate and key, or neither');
  if (config.GATEWAY_AGENT_TLS_CERT_FILE !== undefined && urls.some((url) => url.startsWith('ws:')))
    fault('GATEWAY_AGENT_HUB_URL', 'wss://, over which a client certificate can be shown');
  if (config.GATEWAY_AGENT_HELPER_SECRET !== undefined && config.GATEWAY_AGENT_TRUSTED_KEYS === undefined)
    fault('GATEWAY_AGENT_TRUSTED_KEYS', 'the keys that prove commands, because a helper is configured');
  if (config.GATEWAY_AGENT_METRICS === 'helper' && config.GATEWAY_AGENT_HELPER_SECRET === undefined)
    fault('GATEWAY_AGENT_HELPER_SECRET', 'the helper’s secret, because it is asked for the metrics');
  if (config.GATEWAY_AGENT_HUB_PINS.length > 0 && urls.some((url) => url.startsWith('ws:')))
    fault('GATEWAY_AGENT_HUB_URL', 'wss://, over which a hub shows the key that is pinned');
  if (!config.GATEWAY_AGENT_ALLOW_PLAINTEXT && urls.some(isRemotePlaintext))
    fault('GATEWAY_AGENT_HUB_URL', 'wss://, or ws:// with GATEWAY_AGENT_ALLOW_PLAINTEXT=true');
});

export const configSource = { service: 'gateway-agent', schema } as const;

/** The schema has refused an enabled agent's configuration without these. */
export const isComplete = (config: Values): config is AgentConfig =>
  required.every((name) => config[name] !== undefined);
