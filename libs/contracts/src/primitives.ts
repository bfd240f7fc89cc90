import { z } from 'zod';
import { limits } from './limits';

/** Identifier of a gateway's agent: what people type and what stands in keys and file names, so: no separators of either. */
export const agentId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'letters, digits, dot, underscore, hyphen; 1 to 63; starts with a letter or digit',
  );

export const hubId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);

/** RFC 9562 UUID, any version, lower-case on output. */
export const uuid = z.uuid().transform((value) => value.toLowerCase());

/** RFC 3339 instant with offset; fractions of any length (deployed agents send nanoseconds). */
export const timestamp = z.iso.datetime({ offset: true });

export const sessionId = z.string().min(1).max(128);
export const nonce = z.string().min(8).max(128);

/** `kid`-less public JWK (RFC 7517) of the curves viw uses (RFC 8037). `d` is refused: no private key ever travels. */
export const x25519PublicKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('X25519'),
  x: z.string().min(40).max(64),
});
export const ed25519PublicKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(40).max(64),
  kid: z.string().min(1).max(128).optional(),
});
export type X25519PublicKey = z.infer<typeof x25519PublicKey>;
export type Ed25519PublicKey = z.infer<typeof ed25519PublicKey>;

/** SHA-256 of a certificate's DER form in hex; colons and capitals, as openssl prints them, are accepted. */
export const certificateSha256 = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$/, 'SHA-256 in hex, 32 bytes')
  .transform((text) => text.replaceAll(':', '').toLowerCase());

/** A complete version (semver.org): what is compared must not be guessed. */
export const completeVersion = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/,
    'a version such as 1.4.0',
  );

/**
 * A DNS name, optionally with a leading wildcard label (RFC 1034, RFC 8555 section 7.1.3), lower-case. One whose last label is
 * a number would be read as an IPv4 address somewhere, and is refused.
 */
export const dnsName = z
  .string()
  .toLowerCase()
  .max(253)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!(?:[0-9]+|0x[0-9a-f]*)$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'a DNS name such as www.example.org',
  );

/** SHA-256 host key fingerprint as OpenSSH prints it. */
export const sshFingerprint = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'SHA256:… as printed by ssh-keygen -lf');

/** True when nothing in the value lies deeper than so many levels. Never recurses deeper than that itself. */
const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1)));

/** An object without a schema of its own. Its depth is limited: what writes it out again recurses. */
export const freeForm = z
  .record(z.string(), z.unknown())
  .refine(
    (value) => isShallow(value, limits.freeFormDepth),
    `nested deeper than ${limits.freeFormDepth} levels`,
  );
