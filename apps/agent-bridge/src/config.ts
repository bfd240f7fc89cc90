import { hostname } from 'node:os';
import { agentId, hubId, limits } from '@viw/contracts';
import { LOG_LEVELS, loadConfigOrExit, zBind, zBool, zCsv, zInt, zSecret } from '@viw/runtime';
import { z } from 'zod';

/** A hub's name stands in Redis keys: what a host name may hold beyond that becomes a hyphen. */
function defaultHubId(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63);
  return hubId.safeParse(name).success ? name : `hub${name}`.slice(0, 63);
}

const redisUrl = z
  .string('redis:// or rediss:// URL')
  .regex(/^rediss?:\/\//, 'redis:// or rediss:// URL')
  .meta({ secret: true });

export const bridgeSchema = z.object({
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
  /** Empty: every id is allowed. */
  AGENT_BRIDGE_ALLOWED_AGENT_IDS: zCsv()
    .refine((ids) => ids.every((id) => agentId.safeParse(id).success), 'a comma-separated list of agent ids')
    .prefault(''),
  AGENT_BRIDGE_MAX_CONN: zInt({ min: 1, max: 1_000_000 }).default(100),
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

export type BridgeConfig = z.output<typeof bridgeSchema>;

export const loadBridgeConfig = (): BridgeConfig =>
  loadConfigOrExit({
    service: 'agent-bridge',
    schema: bridgeSchema,
    aliases: { AGENT_WS_ENABLED: 'AGENT_BRIDGE_ENABLED', AGENT_QUEUE_MAX: 'AGENT_BRIDGE_QUEUE_MAX' },
  }).value;
