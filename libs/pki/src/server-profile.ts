import { isIP } from 'node:net';
import type { Authority } from './authority';
import type { CertificateRequest } from './certificate-request';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { validityOf } from './validity';
import { x509 } from './x509';

export interface ServerProfileOptions {
  readonly organization: string;
  /** DNS names and IP addresses, at least one; wildcards as they are. */
  readonly names: readonly string[];
  readonly days: number;
  /** Milliseconds. */
  readonly now: number;
}

/** Longest common name (RFC 5280 appendix A.1, ub-common-name). */
const COMMON_NAME_LENGTH = 64;

/**
 * A certificate for a server of TLS, and for nothing else. Its names are the alternative ones; the common name repeats the
 * first, for people. For EC and Ed25519 keys, which encipher nothing (RFC 8813 section 3).
 */
export const issueServer = (
  { organization, names, days, now }: ServerProfileOptions,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  authority: Authority,
): Promise<IssuedCertificate> => {
  const [first = ''] = names;
  return issue(
    {
      subject: [
        { O: [organization] },
        ...(first !== '' && first.length <= COMMON_NAME_LENGTH ? [{ CN: [first] }] : []),
      ],
      publicKey: new x509.PublicKey(publicKey),
      validity: validityOf(now, days, authority.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        ),
      ],
    },
    authority,
  );
};
