import type { X509Certificate } from 'node:crypto';
import type { Clock } from '@viw/runtime';
import type { GatewayRegistry } from '../../registry/gateway-registry';
import { claimedId, refusal } from '../verifier';
import type { HandshakeRequest, ProvenIdentity, Refusal } from '../verifier';
import type { CertificateAuthorities } from './certificate-authorities';
import { gatewayNamedBy } from './subject-policy';
import type { SubjectPolicy } from './subject-policy';

/** Extended key usage `clientAuth`, RFC 5280 section 4.2.1.12. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export interface CertificateGatewayOptions {
  /** Without it only certificates that are registered by their SHA-256 open a gateway. */
  readonly subjectPolicy: SubjectPolicy | undefined;
}

export interface CertificateGatewayDeps {
  readonly registry: Pick<GatewayRegistry, 'withCertificate' | 'entry'>;
  /** Where given, the issuer must be one of them, whoever has verified the chain. */
  readonly authorities: Pick<CertificateAuthorities, 'issued'> | undefined;
  readonly clock: Clock;
}

/**
 * Which gateway a client certificate belongs to: the one it is registered for, by its SHA-256; else, by policy, the one
 * it names. That its holder has the private key is known already, from the TLS handshake of this hub or of the edge.
 */
export class CertificateGateway {
  readonly #options: CertificateGatewayOptions;
  readonly #deps: CertificateGatewayDeps;

  constructor(options: CertificateGatewayOptions, deps: CertificateGatewayDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  identify(way: string, certificate: X509Certificate, request: HandshakeRequest): ProvenIdentity | Refusal {
    const claimed = claimedId(request.headers);
    const fault = this.#fault(certificate);
    if (fault !== undefined) return refusal('BAD_SIGNATURE', `the client certificate ${fault}`, claimed);
    const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    const { subjectPolicy } = this.#options;
    const registered = this.#registeredFor(sha256);
    const named = subjectPolicy && gatewayNamedBy(certificate, subjectPolicy);
    const agentId = registered ?? named;
    // A certificate is for gateways that somebody has registered: none of them is discovered by it.
    if (agentId === undefined || this.#deps.registry.entry(agentId) === undefined)
      return refusal('NOT_ALLOWED', 'the client certificate belongs to no gateway', claimed);
    if (request.headers['x-agent-id'] !== undefined && claimed !== agentId)
      return refusal('NOT_ALLOWED', 'X-Agent-Id is not the gateway of the client certificate', agentId);
    const credential = { kind: 'certificate', sha256, namedByIssuer: named === agentId } as const;
    return { ok: true, way, agentId, credentials: [credential] };
  }

  /** The certificate before a renewal opens its gateway for a while, as the key before it does. */
  #registeredFor(sha256: string): string | undefined {
    const entry = this.#deps.registry.withCertificate(sha256);
    if (entry === undefined || entry.certificate_sha256 === sha256) return entry?.agent_id;
    const until = Date.parse(entry.former_certificate?.until ?? '');
    return this.#deps.clock.now() < until ? entry.agent_id : undefined;
  }

  #fault(certificate: X509Certificate): string | undefined {
    const { authorities, clock } = this.#deps;
    const now = clock.now();
    if (now < Date.parse(certificate.validFrom)) return 'is not valid yet';
    if (now > Date.parse(certificate.validTo)) return 'has expired';
    if (certificate.ca) return 'is that of an authority';
    // Absent: any usage.
    const usages = certificate.keyUsage as readonly string[] | undefined;
    if (usages !== undefined && !usages.includes(CLIENT_AUTH)) return 'is not one for clients';
    if (authorities !== undefined && !authorities.issued(certificate)) return 'is not of an accepted issuer';
    return undefined;
  }
}
