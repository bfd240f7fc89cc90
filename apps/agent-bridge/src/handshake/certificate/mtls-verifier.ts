import { claimedId, refusal } from '../verifier';
import type { HandshakeVerifier } from '../verifier';
import type { CertificateGateway } from './certificate-gateway';

/** The client certificate of the TLS connection that ends at this hub. */
export const mtlsVerifier = ({
  gateways,
}: {
  readonly gateways: Pick<CertificateGateway, 'identify'>;
}): HandshakeVerifier => ({
  way: 'mtls',
  needs: 'a client certificate',
  // A proxy shows its own.
  offeredBy: ({ clientCertificate, viaTrustedProxy }) => clientCertificate !== undefined && !viaTrustedProxy,
  verify: (request) => {
    const { clientCertificate, headers } = request;
    if (!clientCertificate?.trusted)
      return refusal('BAD_SIGNATURE', 'the client certificate is not trusted', claimedId(headers));
    return gateways.identify('mtls', clientCertificate.certificate, request);
  },
});
