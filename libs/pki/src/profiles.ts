import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import type { Authority } from './authority';
import type { CertificateRequest } from './certificate-request';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { validityOf } from './validity';
import { x509 } from './x509';

/** A common name holds no more (RFC 5280, ub-common-name). */
const MAX_COMMON_NAME = 64;
const SERVER_AUTHORITY_DAYS = 1_826;

export interface ServerProfileOptions {
  readonly organization: string;
  /** DNS names, wildcards among them, and IP addresses: all of them become subject alternative names. At least one. */
  readonly names: readonly string[];
  readonly days: number;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * A certificate to show as a server of TLS, and for nothing else. Key encipherment is for RSA keys only (RFC 8813 section 3).
 */
export const issueServer = (
  { organization, names, days, now }: ServerProfileOptions,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  authority: Authority,
): Promise<IssuedCertificate> => {
  const commonName = names.find((name) => name.length <= MAX_COMMON_NAME);
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  return issue(
    {
      subject: [{ O: [organization] }, ...(commonName === undefined ? [] : [{ CN: [commonName] }])],
      publicKey: new x509.PublicKey(publicKey),
      validity: validityOf(now, days, authority.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(
          isRsa(publicKey) ? digitalSignature | keyEncipherment : digitalSignature,
          true,
        ),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
      ],
    },
    authority,
  );
};

export interface ServerAuthorityOptions {
  readonly commonName: string;
  readonly organization: string;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * An authority below `root` whose key somebody else holds, for five years or as long as its root. What it signs counts for
 * servers only (extended key usage), and for no further authority: its holder can make nobody a client.
 */
export const certifyServerAuthority = (
  { commonName, organization, now }: ServerAuthorityOptions,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  root: Authority,
): Promise<IssuedCertificate> =>
  issue(
    {
      subject: [{ O: [organization] }, { CN: [commonName] }],
      publicKey: new x509.PublicKey(publicKey),
      validity: validityOf(now, SERVER_AUTHORITY_DAYS, root.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
    },
    root,
  );

const isRsa = (spki: Buffer): boolean =>
  createPublicKey({ key: spki, type: 'spki', format: 'der' }).asymmetricKeyType === 'rsa';
