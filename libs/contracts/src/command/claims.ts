import { z } from 'zod';
import { agentId, nonce, uuid } from '../primitives';

/**
 * What the backend signs (compact JWS, EdDSA over Ed25519, RFC 7515 and RFC 8037; header `typ: viw-command+jws`, `kid`).
 * Times are Unix seconds. `exp` is the end of the command's TTL: execution must have started by then.
 */
export const commandClaims = z.strictObject({
  corr_id: uuid,
  verb: z.string().min(1).max(64),
  /** Validated by the verb's own schema. A secret argument is {"sealed": "<compact JWE>"} instead of its value. */
  args: z.record(z.string(), z.unknown()),
  actor: z.strictObject({ id: z.string().max(128), role: z.string().max(64) }),
  policy_id: z.string().max(64),
  nonce,
  iat: z.int().min(0),
  exp: z.int().min(0),
  agent_targets: z.array(agentId).min(1).max(1_000),
});
export type CommandClaims = z.infer<typeof commandClaims>;

/** A secret argument on its way: compact JWE (RFC 7516), ECDH-ES over X25519 with A256GCM, to the helper's key. */
export const sealedValue = z.strictObject({
  sealed: z
    .string()
    .min(1)
    .max(16 * 1024),
});
export type SealedValue = z.infer<typeof sealedValue>;
