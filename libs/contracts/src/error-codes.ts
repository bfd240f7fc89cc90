import { z } from 'zod';

/** Error codes that travel in ERROR and RESULT frames and in the helper's replies. */
export const agentErrorCode = z.enum([
  'SCRIPT_NOT_FOUND',
  'VALIDATION_FAILED',
  'EXEC_TIMEOUT',
  'RATE_LIMITED',
  'INVALID_SIGNATURE',
  'EXPIRED',
  'REPLAY_DETECTED',
  'UNKNOWN_VERB',
  'NOT_IMPLEMENTED',
  'SCHEMA_MISMATCH',
  'QUEUE_FULL',
  'HELPER_UNAVAILABLE',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'INTERNAL_ERROR',
]);
export type AgentErrorCode = z.infer<typeof agentErrorCode>;

export const agentError = z.object({ code: agentErrorCode, msg: z.string().max(2_000) });
export type AgentError = z.infer<typeof agentError>;

/** Why the bridge refuses an upgrade; the JSON body of the refusal carries it as `error.code`. */
export const handshakeErrorCode = z.enum([
  'BAD_REQUEST',
  'BAD_SIGNATURE',
  'CLOCK_SKEW',
  'NOT_ALLOWED',
  'REVOKED',
  'DECOMMISSIONED',
  'REPLAYED_NONCE',
  'DUPLICATE_ID',
  'BUSY',
]);
export type HandshakeErrorCode = z.infer<typeof handshakeErrorCode>;

export const handshakeStatus: Record<HandshakeErrorCode, number> = {
  BAD_REQUEST: 400,
  BAD_SIGNATURE: 401,
  CLOCK_SKEW: 401,
  NOT_ALLOWED: 403,
  REVOKED: 403,
  DECOMMISSIONED: 403,
  REPLAYED_NONCE: 409,
  DUPLICATE_ID: 409,
  BUSY: 503,
};

export const handshakeRefusal = z.object({
  error: z.object({ code: handshakeErrorCode, msg: z.string() }),
  server_time: z.string(),
});

/** WebSocket close codes of ours, and the standard ones with a meaning in viw. */
export const closeCode = {
  policyViolation: 1008,
  frameTooLarge: 1009,
  restarting: 1012,
  tryLater: 1013,
  unauthorised: 4401,
  silent: 4408,
  replaced: 4409,
  decommissioned: 4410,
  versionTooOld: 4426,
  tooFast: 4429,
} as const;
