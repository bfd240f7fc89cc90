import { hostname } from 'node:os';
import { zTrustedKeys } from '@viw/commands';
import { agentId, hubId, limits } from '@viw/contracts';
import { parseSubjectPolicy } from './handshake/certificate/subject-policy';
import {
  isNetwork,
  loadConfigOrExit,
  LOG_LEVELS,
  networksOverlap,
  zBind,
  zBool,
  zCsv,
  zInt,
  zSecret,
} from '@viw/runtime';
import { z } from 'zod';
import { isAmbiguous, parseLegacyAllowance } from './handshake/legacy-allowlist';
import type { LegacyAllowance } from './handshake/legacy-allowlist';

/** A hub's name stands in Redis keys: what a host name may hold beyond that becomes a hyphen. */
function defaultHubId(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63);
  return hubId.safeParse(name).success ? name : `hub${name}`.slice(0, 63);
}

const legacyAgents = 'a comma-separated list of <agent id>@<network>/<prefix>, each network for one agent';

const zLegacyAgents = () =>
  zCsv().transform((entries, context): readonly LegacyAllowance[] => {
    const allowances = entries.map(parseLegacyAllowance).filter((each) => each !== undefined);
    if (allowances.length === entries.length && !isAmbiguous(allowances)) return allowances;
    context.addIssue({ code: 'custom', message: legacyAgents });
    return z.NEVER;
  });

const redisUrl = z
  .string('redis:// or rediss:// URL')
  .regex(/^rediss?:\/\//, 'redis:// or rediss:// URL')
  .meta({ secret: true });

const path = z.string('a path').min(1).max(4_096);

const fields = z.object({
  AGENT_BRIDGE_ENABLED: zBool().default(false),
  /** Where agents dial in. */
  AGENT_BRIDGE_BIND: zBind().prefault('0.0.0.0:8082'),
  AGENT_BRIDGE_OPS_BIND: zBind().prefault('127.0.0.1:8092'),
  /** Stable over restarts and unique among hubs: a hub finds its own unfinished commands by it. */
  AGENT_BRIDGE_HUB_ID: z
    .string('a hub id')
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dot, underscore, hyphen; 1 to 63')
    .default(defaultHubId),
  AGENT_BRIDGE_REDIS_URL: redisUrl.default('redis://127.0.0.1:6379'),
  /** Refuse to start when Redis would lose or evict what is written to it; otherwise that is a warning. */
  AGENT_BRIDGE_REDIS_STRICT: zBool().default(false),
  /** Opens the door to every agent id for whoever holds it: meant for early roll-out, with an allowlist. */
  AGENT_BRIDGE_SHARED_SECRET: zSecret().optional(),
  /** Agents prove themselves by keys of their own, which the registry knows. */
  AGENT_BRIDGE_ED25519: zBool().default(false),
  /** Proxies whose X-Forwarded-For and, with AGENT_BRIDGE_MTLS_EDGE, X-SSL-Client-* headers are believed. */
  AGENT_BRIDGE_TRUSTED_PROXIES: zCsv()
    .refine((networks) => networks.every(isNetwork), 'a comma-separated list of addresses or networks')
    .prefault(''),
  /** Client certificates that a trusted proxy has verified and passes on. */
  AGENT_BRIDGE_MTLS_EDGE: zBool().default(false),
  /** The listener speaks TLS with these PEM files, which may be replaced while it runs. */
  AGENT_BRIDGE_TLS_CERT_FILE: path.optional(),
  AGENT_BRIDGE_TLS_KEY_FILE: path.optional(),
  /** PEM file with the issuers of client certificates. With TLS it switches client certificates on. */
  AGENT_BRIDGE_CA_BUNDLE: path.optional(),
  /** How a certificate that is not registered by its SHA-256 names its gateway; without it none does. */
  AGENT_BRIDGE_CLIENT_DN_POLICY: z
    .string('a subject such as CN={agent_id},O=Viworks')
    .transform((text, context) => {
      const policy = parseSubjectPolicy(text);
      if (policy) return policy;
      context.addIssue({ code: 'custom', message: 'a subject such as CN={agent_id},O=Viworks' });
      return z.NEVER;
    })
    .optional(),
  /** Empty: every id is allowed. */
  AGENT_BRIDGE_ALLOWED_AGENT_IDS: zCsv()
    .refine((ids) => ids.every((id) => agentId.safeParse(id).success), 'a comma-separated list of agent ids')
    .prefault(''),
  /** Deployed agents without any proof of their own: whoever calls from the network is that agent. */
  AGENT_BRIDGE_LEGACY_AGENTS: zLegacyAgents().prefault(''),
  /**
   * Only commands that the backend has signed are sent. False for a staged roll-out only: hosts look for themselves, deployed
   * agents do not.
   */
  AGENT_BRIDGE_ENVELOPE_JWS_REQUIRED: zBool().default(true),
  /** JWKS of the backend's command signing keys; without it the hub takes the registry's word for them. */
  AGENT_BRIDGE_TRUSTED_KEYS: zTrustedKeys().optional(),
  /** Ids that the registry does not know: visible without getting commands (`discover`), or refused. */
  AGENT_BRIDGE_UNKNOWN_AGENTS: z.enum(['discover', 'refuse'], 'discover or refuse').default('discover'),
  /** Agents below their gateway's minimum version: refused, or limited to verbs that only read. */
  AGENT_BRIDGE_OLD_VERSIONS: z.enum(['refuse', 'reads'], 'refuse or reads').default('refuse'),
  AGENT_BRIDGE_MAX_CONN: zInt({ min: 1, max: 1_000_000 }).default(100),
  /** Handshakes looked at per second, and at most at once; the others are told when to come back. */
  AGENT_BRIDGE_ADMIT_PER_SECOND: zInt({ min: 1, max: 100_000 }).default(500),
  /** Upgrade requests per second from one address (of IPv6: one /64), ten seconds' worth at once. */
  AGENT_BRIDGE_ADDRESS_HANDSHAKES_PER_S: zInt({ min: 1, max: 100_000 }).default(250),
  /** Handshakes per second of one address whose proof does not hold, ten seconds' worth at once. */
  AGENT_BRIDGE_ADDRESS_FAILED_PROOFS_PER_S: zInt({ min: 1, max: 100_000 }).default(5),
  /** Frames per second from all sockets of one address, two seconds' worth at once. */
  AGENT_BRIDGE_ADDRESS_FRAMES_PER_S: zInt({ min: 1, max: 1_000_000 }).default(20_000),
  /** Frames that may wait to be sent, per socket. */
  AGENT_BRIDGE_QUEUE_MAX: zInt({ min: 1, max: 100_000 }).default(limits.outboundQueueFrames),
  /** Seconds between two signs of life; a socket silent for twice as long is dropped. */
  AGENT_BRIDGE_HEARTBEAT_S: zInt({ min: 1, max: 300 }).default(limits.pingEveryMs / 1_000),
  /** Seconds over which a hub that stops closes its sockets. */
  AGENT_BRIDGE_DRAIN_S: zInt({ min: 0, max: 300 }).default(5),
  /** Bearer token of the ops endpoints; mandatory when they can be reached from other machines. */
  AGENT_BRIDGE_ADMIN_TOKEN: zSecret().optional(),
  AGENT_BRIDGE_LOG_JSON: zBool().default(true),
  AGENT_BRIDGE_LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

export const bridgeSchema = fields.superRefine((config, context) => {
  const fault = (name: keyof z.output<typeof fields>, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  if ((config.AGENT_BRIDGE_TLS_CERT_FILE === undefined) !== (config.AGENT_BRIDGE_TLS_KEY_FILE === undefined))
    fault(
      'AGENT_BRIDGE_TLS_KEY_FILE',
      'both AGENT_BRIDGE_TLS_CERT_FILE and AGENT_BRIDGE_TLS_KEY_FILE, or neither',
    );
  if (config.AGENT_BRIDGE_MTLS_EDGE && config.AGENT_BRIDGE_TRUSTED_PROXIES.length === 0)
    fault('AGENT_BRIDGE_TRUSTED_PROXIES', 'the proxies that AGENT_BRIDGE_MTLS_EDGE believes');
  const proxies = config.AGENT_BRIDGE_TRUSTED_PROXIES;
  if (config.AGENT_BRIDGE_LEGACY_AGENTS.some((each) => proxies.some((p) => networksOverlap(each.network, p))))
    fault(
      'AGENT_BRIDGE_LEGACY_AGENTS',
      'no network that overlaps one of AGENT_BRIDGE_TRUSTED_PROXIES: a proxy is no agent',
    );
  if (config.AGENT_BRIDGE_CLIENT_DN_POLICY !== undefined && config.AGENT_BRIDGE_CA_BUNDLE === undefined)
    fault('AGENT_BRIDGE_CA_BUNDLE', 'the issuers that AGENT_BRIDGE_CLIENT_DN_POLICY believes');
});

export type BridgeConfig = z.output<typeof bridgeSchema>;

export const loadBridgeConfig = (): BridgeConfig =>
  loadConfigOrExit({
    service: 'agent-bridge',
    schema: bridgeSchema,
    aliases: {
      AGENT_WS_ENABLED: 'AGENT_BRIDGE_ENABLED',
      AGENT_QUEUE_MAX: 'AGENT_BRIDGE_QUEUE_MAX',
      AGENT_ENVELOPE_JWS_REQUIRED: 'AGENT_BRIDGE_ENVELOPE_JWS_REQUIRED',
    },
  }).value;
