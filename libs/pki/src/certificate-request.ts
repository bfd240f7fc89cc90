import { createPublicKey } from 'node:crypto';
import { AppError } from '@viw/runtime';
import { x509 } from './x509';

/** A request whose sender has proven to hold its key. */
export interface CertificateRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

/**
 * Reads a PKCS #10 request in PEM and checks the signature that its own key has made. Names and extensions in it are not
 * looked at: what a certificate says is its issuer's to know.
 *
 * @param rsa whether RSA keys of 2048 to 4096 bits are taken as well
 * @throws AppError VALIDATION_FAILED for anything else, for a signature that does not fit, and for keys other than Ed25519,
 *   P-256 and P-384
 */
export async function readRequest(
  pem: string,
  { rsa = false }: { readonly rsa?: boolean } = {},
): Promise<CertificateRequest> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const publicKey = Buffer.from(request.publicKey.rawData);
    if (isAccepted(publicKey, rsa) && (await request.verify())) return { publicKey };
  } catch {
    // Whatever a parser finds in it is the sender's fault.
  }
  throw new AppError('VALIDATION_FAILED', 'not a certificate request that was signed by its key', {
    meta: {
      errors: [
        {
          path: 'csr',
          msg: `PKCS #10 with an Ed25519, P-256 or P-384${rsa ? ' or RSA' : ''} key, signed by it`,
        },
      ],
    },
  });
}

function isAccepted(spki: Buffer, rsa: boolean): boolean {
  const key = createPublicKey({ key: spki, type: 'spki', format: 'der' });
  if (key.asymmetricKeyType === 'rsa') {
    const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
    return rsa && modulusLength >= 2_048 && modulusLength <= 4_096 && publicExponent === 65_537n;
  }
  if (key.asymmetricKeyType === 'ed25519') return true;
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  return key.asymmetricKeyType === 'ec' && ['prime256v1', 'secp384r1'].includes(curve);
}
