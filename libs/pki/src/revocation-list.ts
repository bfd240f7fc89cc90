import { AsnConvert } from '@peculiar/asn1-schema';
import { CRLNumber, id_ce_cRLNumber } from '@peculiar/asn1-x509';
import type { Authority } from './authority';
import { signatureAlgorithm } from './authority-key';
import { serialOctets } from './serial-number';
import { x509 } from './x509';

/** RFC 5280 section 5.3.1. */
export const revocationReasons = {
  keyCompromise: x509.X509CrlReason.keyCompromise,
  affiliationChanged: x509.X509CrlReason.affiliationChanged,
  cessationOfOperation: x509.X509CrlReason.cessationOfOperation,
  superseded: x509.X509CrlReason.superseded,
} as const;
export type RevocationReason = keyof typeof revocationReasons;

export interface Revocation {
  /** Hex. */
  readonly serial: string;
  readonly at: Date;
  readonly reason: RevocationReason;
}

export interface RevocationListContent {
  /** Higher than that of every list before. */
  readonly number: number;
  readonly thisUpdate: Date;
  /** A newer one is there by then. */
  readonly nextUpdate: Date;
  readonly revoked: readonly Revocation[];
}

/** A complete list of the authority, DER. Its label in PEM is `X509 CRL`. */
export async function makeRevocationList(
  { number, thisUpdate, nextUpdate, revoked }: RevocationListContent,
  authority: Authority,
): Promise<Buffer> {
  const list = await x509.X509CrlGenerator.create({
    issuer: authority.certificate.subjectName,
    thisUpdate,
    nextUpdate,
    entries: revoked.map(({ serial, at, reason }) => ({
      serialNumber: serialOctets(serial),
      revocationDate: at,
      // Each has one: without, the library writes an empty list of extensions, which RFC 5280 section 5.1.2.6 forbids.
      reason: revocationReasons[reason],
    })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      new x509.Extension(id_ce_cRLNumber, false, AsnConvert.serialize(new CRLNumber(number))),
    ],
    signingKey: authority.keys.privateKey,
    signingAlgorithm: signatureAlgorithm,
  });
  return Buffer.from(list.rawData);
}
