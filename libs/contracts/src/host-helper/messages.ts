import { z } from 'zod';
import { agentError } from '../error-codes';
import { limits } from '../limits';
import { agentId, freeForm, nonce, timestamp, uuid } from '../primitives';

/** Where the helper listens; `root:viworks`, 0660. */
export const helperSocketPath = '/run/viworks/host_helper.sock';

/** Messages are length-prefixed JSON: 4 bytes, unsigned, big-endian, then that many bytes of UTF-8. */
export const helperMessageBytesMax = 512 * 1024;

/**
 * A request over the helper's Unix socket. `hmac` is lower-case hex HMAC-SHA256 with the local helper secret over
 * the RFC 8785 canonical JSON of the request without `hmac`. When signed commands are required, `args` must be
 * empty: the helper takes them from the verified `jws`.
 */
export const helperRequest = z.strictObject({
  agent_id: agentId,
  correlation_id: uuid,
  verb: z.string().min(1).max(64),
  args: freeForm,
  issued_at: timestamp,
  ttl_s: z.int().min(1).max(300),
  nonce,
  jws: z
    .string()
    .max(128 * 1024)
    .optional(),
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
});
export type HelperRequest = z.infer<typeof helperRequest>;

/** The outcome of an action. `rc` is null when no program was run to its end. */
export const helperReply = z.object({
  status: z.enum(['success', 'error', 'denied', 'timeout', 'unknown']),
  rc: z.int().nullable(),
  stdout: z.string().max(limits.outputBytes),
  stderr: z.string().max(limits.outputBytes),
  truncated: z.boolean(),
  duration_ms: z.number().min(0),
  error: agentError.optional(),
  sig: z.string().max(4_096).optional(),
});
export type HelperReply = z.infer<typeof helperReply>;
