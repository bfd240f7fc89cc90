import { z } from 'zod';
import { hostMetrics } from '../frames/telemetry';
import {
  agentId,
  certificateSha256,
  completeVersion,
  ed25519PublicKey,
  timestamp,
  x25519PublicKey,
} from '../primitives';
import { listQuery, page } from './problem';

export const gatewayState = z.enum([
  'discovered',
  'expected',
  'connected',
  'offline',
  'lost',
  'decommissioned',
]);
export type GatewayState = z.infer<typeof gatewayState>;

export const labels = z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/), z.string().max(128));

/**
 * `sealing`: the helper's key for secret arguments. `signing`: the key that signs results. `agent`: the key by which the
 * agent proves itself to a hub. `certificate_sha256`: of the client certificate that does the same. With one of these
 * two the shared secret opens the gateway no longer.
 */
export const gatewayPublicKeys = z
  .strictObject({
    sealing: x25519PublicKey.optional(),
    signing: ed25519PublicKey.optional(),
    agent: ed25519PublicKey.optional(),
    certificate_sha256: certificateSha256.optional(),
  })
  .refine((keys) => Object.values(keys).some((key) => key !== undefined), 'at least one key');
export type GatewayPublicKeys = z.infer<typeof gatewayPublicKeys>;

export const gatewayRegister = z.strictObject({
  agent_id: agentId,
  display_name: z.string().min(1).max(128).optional(),
  site: z.string().max(128).optional(),
  labels: labels.optional(),
  min_version: completeVersion.optional(),
  public_keys: gatewayPublicKeys.optional(),
});
export type GatewayRegister = z.infer<typeof gatewayRegister>;

export const gatewayPatch = z.strictObject({
  display_name: z.string().min(1).max(128).nullable().optional(),
  site: z.string().max(128).nullable().optional(),
  labels: labels.optional(),
  min_version: completeVersion.nullable().optional(),
  /**
   * True: secret arguments are sent in clear where this gateway has no sealing key. For agents deployed before viw, which can
   * open no seal: on the way to it everybody who can read a stream or the database reads them.
   */
  allow_plain_secrets: z.boolean().optional(),
  public_keys: gatewayPublicKeys.optional(),
});

export const gatewayListQuery = z.strictObject({
  ...listQuery,
  site: z.string().max(128).optional(),
  /** `key=value` */
  label: z.string().max(256).optional(),
  status: gatewayState.optional(),
  q: z.string().max(128).optional(),
});

export const gatewaySummary = z.object({
  agent_id: agentId,
  display_name: z.string().nullable(),
  site: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  state: gatewayState,
  version: z.string().nullable(),
  last_seen_at: z.string().nullable(),
  cpu_pct: z.number().nullable(),
  mem_used_pct: z.number().nullable(),
  load_1: z.number().nullable(),
  sessions: z.number().nullable(),
});
export type GatewaySummary = z.infer<typeof gatewaySummary>;
export const gatewayPage = page(gatewaySummary);

export const gateway = gatewaySummary.extend({
  hostname: z.string().nullable(),
  os: z.string().nullable(),
  kernel: z.string().nullable(),
  min_version: z.string().nullable(),
  allow_plain_secrets: z.boolean(),
  supported_verbs: z.array(z.string()),
  has_sealing_key: z.boolean(),
  has_agent_key: z.boolean(),
  has_client_certificate: z.boolean(),
  /** Its credentials were revoked, and it has got no new one since: no hub lets it in. */
  revoked_at: z.string().nullable(),
  first_seen_at: z.string().nullable(),
  registered_at: z.string().nullable(),
  /** Newest telemetry and when the hub received it. */
  metrics: hostMetrics.nullable(),
  metrics_at: z.string().nullable(),
});
export type Gateway = z.infer<typeof gateway>;

export const pointsQuery = z.strictObject({
  from: timestamp.optional(),
  to: timestamp.optional(),
  /** Seconds per point; at least 60. */
  step: z.coerce.number().int().min(60).max(86_400).default(60),
});
export const gatewayPoint = z.object({
  ts: z.string(),
  cpu_pct: z.number().nullable(),
  mem_used_pct: z.number().nullable(),
  load_1: z.number().nullable(),
  sessions: z.number().nullable(),
});
export type GatewayPoint = z.infer<typeof gatewayPoint>;
export const gatewayPoints = z.object({ points: z.array(gatewayPoint) });

/** What happened on a host, as its agent told. `data` belongs to the event's name; texts in it come from the host. */
export const gatewayEvent = z.object({
  event_id: z.string(),
  kind: z.string(),
  name: z.string(),
  data: z.record(z.string(), z.unknown()).nullable(),
  /** By the hub's clock as the agent knows it. */
  ts: z.string(),
  received_at: z.string(),
});
export const gatewayEventPage = page(gatewayEvent);
/** Containers of the host as its newest telemetry counts them. All null: its agent has reported none. */
export const gatewayContainers = z.object({
  running: z.number().nullable(),
  total: z.number().nullable(),
  /** Of those that run. Texts from the host. */
  images: z.array(z.string()).nullable(),
  /** When the hub received it. */
  at: z.string().nullable(),
});

/** A connection of the gateway's agent to a hub. */
export const gatewaySession = z.object({
  session_id: z.string(),
  hub: z.string(),
  epoch: z.number(),
  remote_ip: z.string(),
  connected_at: z.string().nullable(),
  last_heartbeat_at: z.string().nullable(),
  /** Null while it lasts. */
  disconnected_at: z.string().nullable(),
  reason: z.string().nullable(),
});
export const gatewaySessionPage = page(gatewaySession);

export const gatewayEventQuery = z.strictObject(listQuery).omit({ total: true });
