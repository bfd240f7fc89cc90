import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { stapledResponse, type StapledResponse } from './stapled-response';

/** What a handshake has shown beside the leaf's fingerprint. Told by the server, verified by nobody. */
export interface ServedFacts {
  /** Such as `TLSv1.3`. */
  protocol: string | null;
  /** DNS names and addresses of the leaf. */
  names: string[];
  issuer: string;
  /** ISO 8601. */
  not_after: string;
  /** SHA-256 of every certificate that was sent, leaf first; lower-case hex. */
  chain: string[];
  /** Of the leaf's authority information access (RFC 5280 section 4.2.2.1). */
  ocsp: string[];
  ca_issuers: string[];
  /** Null: nothing was stapled. */
  stapled: StapledResponse | null;
}

/** No chain in use is longer; a server that sends more is not followed. */
const MAX_CHAIN = 10;

/** @param stapled OCSP response (DER) that came with the certificate */
export function factsOf(socket: TLSSocket, leaf: X509Certificate, stapled?: Uint8Array): ServedFacts {
  return {
    protocol: socket.getProtocol(),
    names: (leaf.subjectAltName ?? '')
      .split(', ')
      .flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
      .slice(0, 200),
    issuer: leaf.issuer.replaceAll('\n', ', ').slice(0, 500),
    not_after: new Date(leaf.validTo).toISOString(),
    chain: chainOf(leaf),
    ocsp: accessOf(leaf, 'OCSP'),
    ca_issuers: accessOf(leaf, 'CA Issuers'),
    stapled: stapled && stapled.length > 0 ? stapledResponse(stapled, leaf) : null,
  };
}

function chainOf(leaf: X509Certificate): string[] {
  const chain: string[] = [];
  for (
    let one: X509Certificate | undefined = leaf;
    one && chain.length < MAX_CHAIN;
    one = one.issuerCertificate
  ) {
    const fingerprint = one.fingerprint256.replaceAll(':', '').toLowerCase();
    // The last one is its own issuer.
    if (chain.includes(fingerprint)) break;
    chain.push(fingerprint);
  }
  return chain;
}

const accessOf = ({ infoAccess }: X509Certificate, method: string): string[] =>
  (infoAccess ?? '')
    .split('\n')
    .flatMap((line) => (line.startsWith(`${method} - URI:`) ? [line.slice(method.length + 7)] : []))
    .slice(0, 10);
