import { z } from 'zod';
import { ed25519PublicKey, x25519PublicKey } from '../primitives';

const kid = z.string().min(1).max(128);

/**
 * What the backend tells hosts of itself (compact JWS, EdDSA over Ed25519; header `typ: viw-host-policy+jws`, `kid`). `version`
 * rises with each, for ever: max(previous + 1, milliseconds since the epoch), so that it also rises after a restore from a
 * backup. What a later release adds is ignored; what must not be ignored gets another `v`.
 */
export const hostPolicyClaims = z.object({
  v: z.literal(1),
  version: z.int().min(1),
  /** Unix seconds. For people: a host does not look at its clock for it. */
  iat: z.int().min(0),
  /** Whose commands, and whose next policy, count. */
  keys: z.array(ed25519PublicKey.extend({ kid })).min(1).max(8),
  /** To which secret results are sealed. */
  sealing_key: x25519PublicKey.extend({ kid }).nullable(),
  /** The emergency stop: nothing is begun while it is on. */
  frozen: z.boolean(),
  reason: z.string().max(500).nullable(),
});
export type HostPolicyClaims = z.infer<typeof hostPolicyClaims>;

/** The backend's key for secret results, with the name under which it finds the private half. */
export type ResultSealingKey = NonNullable<HostPolicyClaims['sealing_key']>;

/**
 * Policies, oldest first: each at which the keys have changed, and the newest. A host that was away finds the way from the key
 * that it trusts to the one in use now.
 */
export const hostPolicies = z.array(z.string().max(16 * 1024)).max(64);
