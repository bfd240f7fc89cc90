import { z } from 'zod';
import { agentId, ed25519PublicKey, timestamp, x25519PublicKey } from '../primitives';
import { certificateRequest, certificateWithChain } from './private-ca';

/** One-time secret by which a host becomes the gateway that the token was made for. */
export const enrollmentToken = z
  .string()
  .regex(/^viw_enroll_[A-Za-z0-9_-]{43}$/, 'an enrolment token: viw_enroll_ and 43 characters');

export const enrollmentTokenRequest = z.strictObject({
  /** Seconds until it is worth nothing; an hour unless told otherwise, a week at most. */
  ttl_s: z.int().min(60).max(604_800).default(3_600),
});

/** Shown once. */
export const enrollmentTokenCreated = z.object({
  agent_id: agentId,
  token: enrollmentToken,
  expires_at: z.string(),
});
export type EnrollmentTokenCreated = z.infer<typeof enrollmentTokenCreated>;

/** base64url of an Ed25519 signature, 64 bytes. */
export const requestSignature = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'an Ed25519 signature in base64url');

/** Public halves of keys that were made on the host. Without a helper's keys it can take no secret and prove no result. */
export const enrolledKeys = z.strictObject({
  agent: ed25519PublicKey,
  sealing: x25519PublicKey.optional(),
  signing: ed25519PublicKey.optional(),
});
export type EnrolledKeys = z.infer<typeof enrolledKeys>;

/** `proof`: made by the agent's key over everything else, so that nobody enrols a key that is not his. */
export const enrollRequest = z.strictObject({
  token: enrollmentToken,
  public_keys: enrolledKeys,
  /** For a client certificate beside the key. */
  csr: certificateRequest.optional(),
  proof: requestSignature,
});
export type EnrollRequest = z.infer<typeof enrollRequest>;

/** SHA-256 of a SubjectPublicKeyInfo in base64, as RFC 7469 section 2.4 writes it. */
export const spkiPin = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'base64 of the SHA-256 of a SubjectPublicKeyInfo');

/** Keys whose signatures make a command; the host believes no other from then on. */
export const commandKeys = z.object({
  keys: z
    .array(ed25519PublicKey.extend({ kid: z.string().min(1).max(128) }))
    .min(1)
    .max(16),
});
export type CommandKeys = z.infer<typeof commandKeys>;

/** What an agent needs to be this gateway. Whoever enrols trusts it by the TLS of the enrolment. */
export const enrollment = z.object({
  agent_id: agentId,
  /** wss:// URLs; none: the host's own configuration says where to dial. */
  hub_urls: z.array(z.string().max(2_048)).max(16),
  /** Of the hubs' certificates; none: not pinned. */
  hub_pins: z.array(spkiPin).max(16),
  command_keys: commandKeys,
  /** None: it was not asked for, or this backend issues none. */
  certificate: certificateWithChain.optional(),
});
export type Enrollment = z.infer<typeof enrollment>;

/** `by_current` and `by_next`: both keys sign everything else. They may be the same: then the certificate alone is renewed. */
export const renewRequest = z.strictObject({
  agent_id: agentId,
  next: ed25519PublicKey,
  csr: certificateRequest.optional(),
  /** Must be about now. */
  issued_at: timestamp,
  by_current: requestSignature,
  by_next: requestSignature,
});
export type RenewRequest = z.infer<typeof renewRequest>;

/** Until when hubs take the former key too; null: the next one was in force already, and the former is not looked at. */
export const renewal = z.object({
  agent_id: agentId,
  former_until: z.string().nullable(),
  /** As at the enrolment. */
  certificate: certificateWithChain.optional(),
});
export type Renewal = z.infer<typeof renewal>;
