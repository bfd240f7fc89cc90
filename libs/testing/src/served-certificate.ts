import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';

export interface ServedCertificate {
  /** SHA-256 of the DER, upper-case hexadecimal with colons. */
  fingerprint256: string;
  /** As OpenSSL prints it: `DNS:a.example, DNS:b.example`. */
  subjectaltname: string;
  subject: string;
  issuer: string;
  serialNumber: string;
  validFrom: Date;
  validTo: Date;
  /** The leaf. */
  pem: string;
  /** The leaf and what the server sent with it. */
  chainPem: string;
}

/** The leaf certificate that a TLS server presents for a name (SNI). Trusts anything: it looks, nothing more. */
export function servedCertificate(options: {
  port: number;
  servername: string;
  host?: string;
  /** Of silence; 30 000 by default: guards against hanging, and promises nothing about speed. */
  timeoutMs?: number;
}): Promise<ServedCertificate> {
  const { port, servername, host = '127.0.0.1', timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername, rejectUnauthorized: false });
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`no TLS answer for ${servername} in ${timeoutMs} ms`)),
    );
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      // Not getPeerX509Certificate: after it Node 20 knows the chain no more.
      const chain = chainOf(socket.getPeerCertificate(true));
      socket.destroy();
      const [leaf] = chain;
      if (leaf) resolve({ ...describe(leaf), chainPem: chain.map((each) => each.toString()).join('') });
      else reject(new Error(`${servername} presents no certificate`));
    });
  });
}

function describe(leaf: X509Certificate): Omit<ServedCertificate, 'chainPem'> {
  return {
    fingerprint256: leaf.fingerprint256,
    subjectaltname: leaf.subjectAltName ?? '',
    subject: leaf.subject,
    issuer: leaf.issuer,
    serialNumber: leaf.serialNumber,
    validFrom: new Date(leaf.validFrom),
    validTo: new Date(leaf.validTo),
    pem: leaf.toString(),
  };
}

interface Link {
  raw?: Buffer;
  issuerCertificate?: Link;
}

/** Node links a self-signed certificate to itself. */
function chainOf(leaf: Link): X509Certificate[] {
  const all: Buffer[] = [];
  for (let at: Link | undefined = leaf; at?.raw && !all.includes(at.raw); at = at.issuerCertificate) {
    all.push(at.raw);
  }
  return all.map((raw) => new X509Certificate(raw));
}
