import { createHash } from 'node:crypto';
import type { CertID } from '@peculiar/asn1-ocsp';
import { AsnConvert } from '@peculiar/asn1-schema';
import { SubjectPublicKeyInfo } from '@peculiar/asn1-x509';
import type { x509 } from '../x509';

/** What clients name an issuer by: RFC 5019 says SHA-1, which is an identifier here and proves nothing. */
const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
};

export interface IssuerName {
  /** Key of a map: hash algorithm, hash of the name, hash of the key. */
  readonly issuer: string;
  /** 32 lower-case hex digits as authorities of ours give them; undefined: none of ours can have it. */
  readonly serial: string | undefined;
}

/** Undefined: by a hash that is not taken. */
export function readCertificateId({
  hashAlgorithm,
  issuerNameHash,
  issuerKeyHash,
  serialNumber,
}: CertID): IssuerName | undefined {
  const hash = hashes[hashAlgorithm.algorithm];
  if (hash === undefined) return undefined;
  const hex = (octets: ArrayBuffer): string => Buffer.from(octets).toString('hex');
  const serial = hex(serialNumber)
    .replace(/^(00)+/, '')
    .padStart(32, '0');
  return {
    issuer: [hash, hex(issuerNameHash.buffer), hex(issuerKeyHash.buffer)].join(':'),
    serial: serial.length === 32 ? serial : undefined,
  };
}

/** Every way in which a client may name this issuer. */
export function issuerNames(authority: x509.X509Certificate): string[] {
  const name = Buffer.from(authority.subjectName.toArrayBuffer());
  const { subjectPublicKey } = AsnConvert.parse(authority.publicKey.rawData, SubjectPublicKeyInfo);
  return Object.values(hashes).map((hash) => {
    const digest = (octets: Buffer): string => createHash(hash).update(octets).digest('hex');
    return [hash, digest(name), digest(Buffer.from(subjectPublicKey))].join(':');
  });
}
