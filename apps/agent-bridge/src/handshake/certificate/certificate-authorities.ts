import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The issuers of client certificates that this hub accepts. */
export class CertificateAuthorities {
  #certificates: readonly X509Certificate[] = [];

  /** Takes the place of those before. @throws when the text holds no certificate, or one that is none */
  load(pem: string): void {
    const certificates = (pem.match(CERTIFICATE) ?? []).map((text) => new X509Certificate(text));
    if (certificates.length === 0) throw new Error('no certificate');
    this.#certificates = certificates;
  }

  trusted(): { readonly sha256: string; readonly notAfter: Date }[] {
    return this.#certificates.map(({ fingerprint256, validTo }) => ({
      sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: new Date(validTo),
    }));
  }

  /** By name and by signature. The issuer itself must be among them: no chain is followed. */
  issued(certificate: X509Certificate): boolean {
    return this.#certificates.some(
      (authority) =>
        authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    );
  }
}
