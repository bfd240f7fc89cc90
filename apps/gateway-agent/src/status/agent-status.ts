import { z } from 'zod';

/** What a running agent says of itself to whoever may read its state folder. Times ISO 8601; nothing in it is secret. */
export const agentStatus = z.object({
  agent_id: z.string(),
  version: z.string(),
  pid: z.int(),
  started_at: z.string(),
  /** `key`, `certificate` or `shared secret`. */
  identity: z.object({
    way: z.string(),
    key_made_at: z.string().nullable(),
    /** End of the certificate that it was issued. */
    certificate_until: z.string().nullable(),
  }),
  connection: z.object({
    hub: z.string(),
    connected: z.boolean(),
    since: z.string(),
    failed_attempts: z.int(),
    last_failure: z.object({ at: z.string(), hub: z.string(), reason: z.string() }).optional(),
  }),
  /** Of the session that is open; null until WELCOME. */
  session_id: z.string().nullable(),
  /** Milliseconds that the hub's clock is ahead of the host's. */
  clock_offset_ms: z.number(),
  /** Newest telemetry frame that the hub has confirmed. */
  acknowledged: z.object({ seq: z.int().nullable(), at: z.string().nullable() }),
  commands: z.object({ in_flight: z.int(), results_waiting: z.int() }),
  helper: z.enum(['none', 'unknown', 'reachable', 'unreachable']),
  rss_mb: z.number(),
});
export type AgentStatus = z.infer<typeof agentStatus>;
