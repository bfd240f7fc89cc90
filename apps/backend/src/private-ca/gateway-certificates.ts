import { gatewayUri } from '@viw/contracts';
import type { CertificateWithChain } from '@viw/contracts';
import { issueClient, readRequest } from '@viw/pki';
import type { CertificateRequest } from '@viw/pki';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { Repositories } from '../store';
import { fingerprintOf, sha256Hex } from './fingerprint';
import { ORGANIZATION } from './private-ca';
import type { OpenAuthority, PrivateCa } from './private-ca';

/**
 * What asks again for the same key within this is answered by the same certificate: the first answer may have got lost, or
 * somebody repeats what he has overheard. Seconds: as long as an enrolment token may live, and as a renewal is of now.
 */
const REPEATED_WITHIN_S = { enrolment: 604_800, renewal: 900 } as const;

export interface GatewayCertificatesOptions {
  /** Life of a certificate. 0: none are issued. */
  readonly days: number;
  /** For which hubs take the former certificate after a renewal. Seconds. */
  readonly overlapS: number;
}

export interface GatewayCertificatesDeps {
  readonly ca: Pick<PrivateCa, 'issuerFor'>;
  readonly clock?: Clock;
}

/** A request that was looked at, with who is to sign it. */
export interface CertificateOrder {
  readonly request: CertificateRequest;
  readonly issuer: OpenAuthority;
}

export interface CertifiedGateway {
  readonly certificate: CertificateWithChain;
  readonly sha256: string;
  /** False: it was in force before. */
  readonly changed: boolean;
}

/** Client certificates of gateways. Each that is issued becomes the gateway's credential, in the transaction that issues it. */
export class GatewayCertificates {
  constructor(
    private readonly options: GatewayCertificatesOptions,
    private readonly deps: GatewayCertificatesDeps,
  ) {}

  /**
   * Outside of any transaction. Undefined: none was asked for, or none are issued.
   * @throws AppError VALIDATION_FAILED for what is no request signed by its own key
   */
  async order(csr: string | undefined): Promise<CertificateOrder | undefined> {
    if (csr === undefined || this.options.days === 0) return undefined;
    const request = await readRequest(csr);
    return { request, issuer: await this.deps.ca.issuerFor('gateway-agents') };
  }

  /**
   * In the caller's transaction, which holds the gateway's row. Who it is for is the caller's to know: nothing of that is
   * taken from the request. At an enrolment the former certificate is another host's and opens nothing more.
   * @throws AppError CONFLICT as `setPublicKeys`
   */
  async certify(
    { gatewayCredentials, issuedCertificates }: Repositories,
    agentId: string,
    { request, issuer: { record, authority, chain } }: CertificateOrder,
    at: 'enrolment' | 'renewal',
  ): Promise<CertifiedGateway> {
    const { clock = systemClock } = this.deps;
    const keySha256 = sha256Hex(request.publicKey);
    const answer = (pem: string) => ({
      certificate: { pem, chain: [...chain] },
      sha256: fingerprintOf(pem),
    });
    const within = REPEATED_WITHIN_S[at];
    const repeated = await issuedCertificates.inForce(record.id, agentId, keySha256, within);
    if (repeated !== undefined) return { ...answer(repeated), changed: false };
    const { days, overlapS } = this.options;
    const subject = { commonName: agentId, organization: ORGANIZATION, uri: gatewayUri(agentId) };
    const issued = await issueClient({ ...subject, days, now: clock.now() }, request, authority);
    const { pem, serial, notBefore, notAfter } = issued;
    const fingerprintSha256 = fingerprintOf(pem);
    const kept = { authorityId: record.id, serial, agentId, fingerprintSha256, keySha256, pem };
    await issuedCertificates.add({ ...kept, notBefore, notAfter });
    if (at === 'renewal') await gatewayCredentials.renewCertificate(agentId, fingerprintSha256, overlapS);
    else await gatewayCredentials.setPublicKeys(agentId, { certificate_sha256: fingerprintSha256 });
    return { ...answer(pem), changed: true };
  }
}
