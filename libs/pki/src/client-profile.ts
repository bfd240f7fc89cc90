import type { Authority } from './authority';
import type { CertificateRequest } from './certificate-request';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { validityOf } from './validity';
import { x509 } from './x509';

export interface ClientProfileOptions {
  readonly commonName: string;
  readonly organization: string;
  /** Subject alternative name. */
  readonly uri: string;
  readonly days: number;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * A certificate to show as a client of TLS, and for nothing else. Of the request its key alone counts. For EC and Ed25519
 * keys, which encipher nothing (RFC 8813 section 3).
 */
export const issueClient = (
  { commonName, organization, uri, days, now }: ClientProfileOptions,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  authority: Authority,
): Promise<IssuedCertificate> =>
  issue(
    {
      subject: [{ O: [organization] }, { CN: [commonName] }],
      publicKey: new x509.PublicKey(publicKey),
      validity: validityOf(now, days, authority.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
      ],
    },
    authority,
  );
