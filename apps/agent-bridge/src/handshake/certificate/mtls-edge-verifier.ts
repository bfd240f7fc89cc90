import { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { claimedId, refusal } from '../verifier';
import type { HandshakeVerifier } from '../verifier';
import type { CertificateGateway } from './certificate-gateway';

const PREFIX = 'x-ssl-client-';
const VERIFY = `${PREFIX}verify`;
const CERTIFICATE = `${PREFIX}cert`;

/** Whether somebody speaks about the client's certificate. Only a trusted proxy may. */
export const hasEdgeHeaders = (headers: IncomingHttpHeaders): boolean =>
  Object.keys(headers).some((name) => name.startsWith(PREFIX));

/** NGINX says `NONE` when the client has shown no certificate. */
const verdictOf = (headers: IncomingHttpHeaders): string | undefined => {
  const verdict = headers[VERIFY];
  return typeof verdict === 'string' && verdict !== '' && verdict !== 'NONE' ? verdict : undefined;
};

/** `$ssl_client_escaped_cert`: PEM, percent-encoded. */
function certificateOf(headers: IncomingHttpHeaders): X509Certificate | undefined {
  try {
    return new X509Certificate(decodeURIComponent(String(headers[CERTIFICATE])));
  } catch {
    return undefined;
  }
}

/** The client certificate that a trusted proxy has verified and passes on. */
export const mtlsEdgeVerifier = ({
  gateways,
}: {
  readonly gateways: Pick<CertificateGateway, 'identify'>;
}): HandshakeVerifier => ({
  way: 'mtls-edge',
  needs: 'a client certificate',
  offeredBy: ({ headers, viaTrustedProxy }) => viaTrustedProxy && verdictOf(headers) !== undefined,
  verify: (request) => {
    const { headers } = request;
    if (verdictOf(headers) !== 'SUCCESS')
      return refusal('BAD_SIGNATURE', 'the client certificate was not verified', claimedId(headers));
    const certificate = certificateOf(headers);
    if (certificate === undefined)
      return refusal('BAD_REQUEST', 'X-SSL-Client-Cert is not a certificate', claimedId(headers));
    return gateways.identify('mtls-edge', certificate, request);
  },
});
