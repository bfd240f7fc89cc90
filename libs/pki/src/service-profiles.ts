import { createPublicKey } from 'node:crypto';
import type { Authority } from './authority';
import type { CertificateRequest } from './certificate-request';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { validityOf } from './validity';
import { x509 } from './x509';

/**
 * Of certificates that are no gateway's: unlike what the bridge's policy asks for, so that no hub takes one of them for a
 * gateway that it happens to name.
 */
export const SERVICE_ORGANIZATION = 'viw services';

const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;

interface ServiceProfile {
  readonly usages: readonly string[];
  /** Of the subject, beside organisation and common name. */
  readonly unit: string | undefined;
}

/**
 * What a certificate of a service may be shown as. A database takes the common name for its user (PostgreSQL, `cert`), or the
 * whole subject (MongoDB, `$external`), whose unit is never that of a member of its cluster.
 */
const profiles = {
  client: { usages: [clientAuth], unit: undefined },
  server: { usages: [serverAuth], unit: undefined },
  dual: { usages: [serverAuth, clientAuth], unit: undefined },
  'postgres-client': { usages: [clientAuth], unit: 'PostgreSQL clients' },
  'mongodb-client': { usages: [clientAuth], unit: 'MongoDB clients' },
} as const satisfies Record<string, ServiceProfile>;

export type ServiceProfileName = keyof typeof profiles;

export interface ServiceCertificateOptions {
  readonly profile: ServiceProfileName;
  /** Undefined: the subject has none. */
  readonly commonName: string | undefined;
  readonly organization: string;
  /** Subject alternative names; none: a client that is known by its subject. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly days: number;
  /** Milliseconds. */
  readonly now: number;
  /** Where whoever is shown it finds out whether it was revoked; undefined: it does not say. */
  readonly status?: { readonly crl: string; readonly ocsp: string } | undefined;
}

/** By an authority, for the key of a request; of the request nothing else counts. */
export function issueService(
  options: ServiceCertificateOptions,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  authority: Authority,
): Promise<IssuedCertificate> {
  const { profile, commonName, organization, days, now, status } = options;
  const { usages, unit } = profiles[profile];
  const names = alternativeNames(options);
  return issue(
    {
      subject: [
        { O: [organization] },
        ...(unit === undefined ? [] : [{ OU: [unit] }]),
        ...(commonName === undefined ? [] : [{ CN: [commonName] }]),
      ],
      publicKey: new x509.PublicKey(publicKey),
      validity: validityOf(now, days, authority.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(keyUsage(publicKey), true),
        new x509.ExtendedKeyUsageExtension([...usages]),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
        ...(status === undefined
          ? []
          : [
              new x509.CRLDistributionPointsExtension([status.crl]),
              new x509.AuthorityInfoAccessExtension({ ocsp: [new x509.GeneralName('url', status.ocsp)] }),
            ]),
      ],
    },
    authority,
  );
}

const alternativeNames = ({
  dnsNames,
  ipAddresses,
  uris,
}: ServiceCertificateOptions): x509.JsonGeneralNames => [
  ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
  ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ...uris.map((value) => ({ type: 'url' as const, value })),
];

/** Only RSA keys encipher keys (RFC 8813 section 3). */
function keyUsage(spki: Buffer): number {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const { asymmetricKeyType } = createPublicKey({ key: spki, type: 'spki', format: 'der' });
  return asymmetricKeyType === 'rsa' ? digitalSignature | keyEncipherment : digitalSignature;
}
