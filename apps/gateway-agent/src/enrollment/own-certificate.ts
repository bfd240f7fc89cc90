import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { CertificateWithChain } from '@viw/contracts';

/** What was answered, if it is a certificate for this very key. Any other would only make hubs refuse what the key proves. */
export function certificateFor(
  key: KeyObject,
  answered: CertificateWithChain | undefined,
): CertificateWithChain | undefined {
  return answered !== undefined && parsed(answered.pem)?.checkPrivateKey(key) === true ? answered : undefined;
}

/** Milliseconds; undefined when it is none. */
export function lifeOf(pem: string): { readonly from: number; readonly until: number } | undefined {
  const certificate = parsed(pem);
  return certificate && { from: Date.parse(certificate.validFrom), until: Date.parse(certificate.validTo) };
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
