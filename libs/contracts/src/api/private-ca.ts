import { z } from 'zod';

/** A PKCS #10 request in PEM, signed by the key that it is for. Nothing but that key is taken from it. */
export const certificateRequest = z
  .string()
  .max(4_096)
  .regex(
    /^-----BEGIN CERTIFICATE REQUEST-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE REQUEST-----\s*$/,
    'a certificate request in PEM',
  );

const certificatePem = z.string().max(8_192).startsWith('-----BEGIN CERTIFICATE-----');

/** What the private authority has issued, PEM: the certificate, and the authorities between it and the root. */
export const certificateWithChain = z.object({ pem: certificatePem, chain: z.array(certificatePem).max(4) });
export type CertificateWithChain = z.infer<typeof certificateWithChain>;

export const authorityPurpose = z.enum(['root', 'gateway-agents', 'web-services']);
export type AuthorityPurpose = z.infer<typeof authorityPurpose>;

export const certificateAuthority = z.object({
  id: z.uuid(),
  purpose: authorityPurpose,
  /** RFC 4514: `CN=…,O=…`. */
  subject: z.string(),
  /** Lower-case hex, of the DER form. */
  fingerprint_sha256: z.string(),
  /** Null: it signs for itself. */
  issuer_id: z.uuid().nullable(),
  not_before: z.string(),
  not_after: z.string(),
  /** Null for the moment before the first list. */
  revocation_list: z.object({ number: z.int(), this_update: z.string(), next_update: z.string() }).nullable(),
  /** Public paths of this backend. The first: PEM, with the authorities above it. The second: DER. */
  certificate_path: z.string(),
  revocation_list_path: z.string(),
});
export type CertificateAuthority = z.infer<typeof certificateAuthority>;

export const certificateAuthorityList = z.object({ authorities: z.array(certificateAuthority) });
export type CertificateAuthorityList = z.infer<typeof certificateAuthorityList>;
