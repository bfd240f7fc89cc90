import { createPublicKey, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { x509 } from './x509';

const ED25519 = { name: 'Ed25519' } as const;

/** A PKCS #10 request in PEM for the holder of this Ed25519 key. It names nobody: whoever signs it knows whom it is for. */
export async function makeRequest(privateKey: KeyObject): Promise<string> {
  const { subtle } = webcrypto;
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, ED25519, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, ED25519, true, ['verify']),
    },
    signingAlgorithm: ED25519,
  });
  return `${request.toString('pem')}\n`;
}
