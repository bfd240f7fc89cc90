import { importAuthorityKey, newAuthorityKey, signatureAlgorithm } from './authority-key';
import { x509 } from './x509';

export interface AuthorityRequest {
  /** PKCS #8, PEM: stays with who asks. */
  readonly privateKey: string;
  /** PKCS #10, PEM, signed by it. It names nobody: whoever signs it knows what it is for. */
  readonly request: string;
}

/** The key of a new authority, and the request to certify it. */
export async function requestAuthority(): Promise<AuthorityRequest> {
  const privateKey = newAuthorityKey();
  const keys = await importAuthorityKey(privateKey);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: signatureAlgorithm,
  });
  return { privateKey, request: `${request.toString('pem')}\n` };
}
