import { z } from 'zod';
import { listQuery, page } from './problem';

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

export const authorityPurpose = z.enum([
  'root',
  'gateway-agents',
  'services',
  'database-services',
  'web-services',
]);
export type AuthorityPurpose = z.infer<typeof authorityPurpose>;

/** Published and not in use yet; the one of its purpose that issues; trusted still; nobody is told to trust it. */
export const authorityPhase = z.enum(['announced', 'in_use', 'former', 'ended']);
export type AuthorityPhase = z.infer<typeof authorityPhase>;

export const certificateAuthority = z.object({
  id: z.uuid(),
  purpose: authorityPurpose,
  phase: authorityPhase,
  /** Of an announced one: when it will be in use. */
  announced_until: z.string().nullable(),
  /** Of a former one: before that it is ended by force only. */
  trusted_until: z.string().nullable(),
  ended_at: z.string().nullable(),
  /** Issued by it to gateways and on demand, and neither revoked, replaced nor over; null: cert-workers have its key. */
  valid_certificates: z.int().nullable(),
  /** RFC 4514: `CN=…,O=…`. */
  subject: z.string(),
  /** Lower-case hex, of the DER form. */
  fingerprint_sha256: z.string(),
  /** Null: it signs for itself. */
  issuer_id: z.uuid().nullable(),
  not_before: z.string(),
  not_after: z.string(),
  /** Since when it issues no more, because a next one does; null: the present one of its purpose, or an announced one. */
  superseded_at: z.string().nullable(),
  /** Null for the moment before the first list. */
  revocation_list: z.object({ number: z.int(), this_update: z.string(), next_update: z.string() }).nullable(),
  /** Public paths of this backend. The first: PEM, with the authorities above it. The second: DER. */
  certificate_path: z.string(),
  /** PEM: every authority of the purpose that is announced, in use or former, and the roots. */
  trust_path: z.string(),
  revocation_list_path: z.string(),
});
export type CertificateAuthority = z.infer<typeof certificateAuthority>;

export const certificateAuthorityList = z.object({ authorities: z.array(certificateAuthority) });
export type CertificateAuthorityList = z.infer<typeof certificateAuthorityList>;

/** For these an administrator can make authorities, and have certificates issued. */
export const servicePurpose = z.enum(['services', 'database-services']);
export type ServicePurpose = z.infer<typeof servicePurpose>;

export const certificateAuthorityRotate = z.strictObject({
  /** How long the next one is published before it issues; default: as configured, and for services not at all. Less is for administrators. Seconds. */
  announce_s: z.int().min(0).max(31_536_000).optional(),
});
export const certificateAuthorityEnd = z.strictObject({
  /** Whatever certificates are cut off. For administrators. */
  force: z.boolean().default(false),
});

export const certificateAuthorityCreate = z.strictObject({ purpose: servicePurpose });

/** What a certificate may be shown as. */
export const serviceProfile = z.enum(['client', 'server', 'dual', 'postgres-client', 'mongodb-client']);
export type ServiceProfile = z.infer<typeof serviceProfile>;

export const profilesOf: Readonly<Record<ServicePurpose, readonly ServiceProfile[]>> = {
  services: ['client', 'server', 'dual'],
  'database-services': ['server', 'dual', 'postgres-client', 'mongodb-client'],
};

/** Whatever viw means by a URI of its own is nobody else's to have. */
const serviceUri = z
  .url()
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'printable ASCII')
  .refine((uri) => !/^urn:viw:/i.test(uri), 'not urn:viw:');

/** Nothing that the text form of a name gives a meaning to (RFC 4514). */
const serviceCommonName = z
  .string()
  .max(64)
  .regex(
    /^[A-Za-z0-9_*](?:[A-Za-z0-9 ._@:/$*-]*[A-Za-z0-9_.$-])?$/,
    'letters, digits, blanks within, and . _ @ : / $ * -',
  );

/** Of one label, too: services of one network often have no more. */
const serviceDnsName = z
  .string()
  .toLowerCase()
  .max(253)
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'a DNS name such as orders.internal or db',
  );

/** Who it is for is said here, not in the request: of that its key alone counts. */
export const serviceCertificateOrder = z
  .strictObject({
    csr: certificateRequest,
    profile: serviceProfile,
    /** Of a `postgres-client`: the database user. */
    common_name: serviceCommonName,
    dns_names: z.array(serviceDnsName).max(50).default([]),
    ip_addresses: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .max(20)
      .default([]),
    uris: z.array(serviceUri).max(10).default([]),
    days: z.int().min(1).max(365).default(90),
  })
  .refine(
    ({ profile, dns_names: dns, ip_addresses: ips }) =>
      !['server', 'dual'].includes(profile) || dns.length + ips.length > 0,
    { path: ['dns_names'], error: 'a server is known by DNS names or addresses: one at least' },
  );
export type ServiceCertificateOrder = z.output<typeof serviceCertificateOrder>;

export const serviceCertificateIssued = z.object({
  serial: z.string(),
  fingerprint_sha256: z.string(),
  not_after: z.string(),
  certificate: certificateWithChain,
});

/** RFC 5280 section 5.3.1. */
export const certificateRevocationReason = z.enum([
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
]);
export type CertificateRevocationReason = z.infer<typeof certificateRevocationReason>;

/** As openssl prints it, or as viw does: hex digits, with or without colons and leading zeros. */
const serialNumber = z
  .string()
  .max(64)
  .regex(/^[0-9A-Fa-f:]+$/, 'hex digits')
  .transform((text) => text.replaceAll(':', '').replace(/^0+/, '').toLowerCase().padStart(32, '0'));
export const serviceCertificateRevoke = z.strictObject({
  serial: serialNumber,
  reason: certificateRevocationReason,
});

export const serviceCertificate = z.object({
  id: z.string(),
  authority_id: z.string(),
  serial: z.string(),
  profile: serviceProfile,
  subject: z.string(),
  names: z.array(z.string()),
  fingerprint_sha256: z.string(),
  not_before: z.string(),
  not_after: z.string(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
  revocation_reason: certificateRevocationReason.nullable(),
});
export type ServiceCertificate = z.infer<typeof serviceCertificate>;
export const serviceCertificatePage = page(serviceCertificate);
export const serviceCertificateQuery = z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor });
