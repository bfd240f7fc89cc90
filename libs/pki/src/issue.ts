import type { webcrypto } from 'node:crypto';
import type { Authority } from './authority';
import { signatureAlgorithm } from './authority-key';
import { newSerialNumber } from './serial-number';
import type { Validity } from './validity';
import { x509 } from './x509';

/** What a profile says of a certificate. */
export interface CertificateContent {
  readonly subject: x509.JsonName;
  readonly publicKey: x509.PublicKey;
  readonly validity: Validity;
  readonly extensions: readonly x509.Extension[];
}

export interface IssuedCertificate extends Validity {
  readonly pem: string;
  /** 32 lower-case hex digits. */
  readonly serial: string;
}

/** Signs a certificate, by an authority or by the keys that it is for. It names both keys (RFC 5280 sections 4.2.1.1 and .2). */
export async function issue(
  { subject, publicKey, validity, extensions }: CertificateContent,
  by: Authority | { readonly self: webcrypto.CryptoKeyPair },
): Promise<IssuedCertificate> {
  const keys = 'self' in by ? by.self : by.keys;
  const serial = newSerialNumber();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: new x509.Name(subject),
    issuer: 'self' in by ? new x509.Name(subject) : by.certificate.subjectName,
    publicKey,
    ...validity,
    signingKey: keys.privateKey,
    signingAlgorithm: signatureAlgorithm,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { pem: `${certificate.toString('pem')}\n`, serial, ...validity };
}
