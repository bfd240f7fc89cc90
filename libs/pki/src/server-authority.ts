import type { Authority } from './authority';
import type { CertificateRequest } from './certificate-request';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { excludedNames } from './name-constraints';
import { validityOf } from './validity';
import { x509 } from './x509';

const SERVER_AUTHORITY_DAYS = 1_826;

export interface ServerAuthorityOptions extends ServerAuthorityBounds {
  readonly commonName: string;
  readonly organization: string;
}

export interface ServerAuthorityBounds {
  /** Milliseconds. */
  readonly now: number;
  /** DNS names, with all below them, and IP addresses that what it signs never counts for. */
  readonly excluded?: readonly string[];
}

/**
 * An authority below `root` whose key somebody else holds, for five years or as long as its root. What it signs counts for
 * servers only (extended key usage), and for no further authority: its holder can make nobody a client, and no server of the
 * excluded names.
 */
export const certifyServerAuthority = (
  { commonName, organization, ...bounds }: ServerAuthorityOptions,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  root: Authority,
): Promise<IssuedCertificate> =>
  certify([{ O: [organization] }, { CN: [commonName] }], new x509.PublicKey(publicKey), bounds, root);

/**
 * The same name and key once more, within these bounds and by this root: what it has signed and will sign leads to both
 * certificates, and its revocation lists stay its own.
 * @param certificate PEM of the authority as it was certified before
 */
export function recertifyServerAuthority(
  certificate: string,
  bounds: ServerAuthorityBounds,
  root: Authority,
): Promise<IssuedCertificate> {
  const { subjectName, publicKey } = new x509.X509Certificate(certificate);
  return certify(subjectName.toJSON(), publicKey, bounds, root);
}

const certify = (
  subject: x509.JsonName,
  publicKey: x509.PublicKey,
  { now, excluded = [] }: ServerAuthorityBounds,
  root: Authority,
): Promise<IssuedCertificate> =>
  issue(
    {
      subject,
      publicKey,
      validity: validityOf(now, SERVER_AUTHORITY_DAYS, root.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        ...(excluded.length > 0 ? [excludedNames(excluded)] : []),
      ],
    },
    root,
  );
