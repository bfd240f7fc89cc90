import type { Clock } from '@viw/runtime';
import { AppError } from '@viw/runtime';
import type { BridgeConfig } from '../config';
import type { GatewayRegistry } from '../registry/gateway-registry';
import type { CertificateAuthorities } from './certificate/certificate-authorities';
import { CertificateGateway } from './certificate/certificate-gateway';
import { mtlsEdgeVerifier } from './certificate/mtls-edge-verifier';
import { mtlsVerifier } from './certificate/mtls-verifier';
import { ed25519Verifier } from './ed25519-verifier';
import { hmacVerifier } from './hmac-verifier';
import { legacyAllowlistVerifier } from './legacy-allowlist';
import type { HandshakeVerifier } from './verifier';

export interface SwitchedOnVerifiersDeps {
  readonly registry: GatewayRegistry;
  /** Of `AGENT_BRIDGE_CA_BUNDLE`, where there is one. */
  readonly authorities: CertificateAuthorities | undefined;
  readonly clock: Clock;
}

/**
 * The ways to prove identity that are switched on, the strongest first.
 * @throws AppError CONFIG_INVALID when there is none
 */
export function switchedOnVerifiers(
  config: BridgeConfig,
  { registry, authorities, clock }: SwitchedOnVerifiersDeps,
): HandshakeVerifier[] {
  const subjectPolicy = config.AGENT_BRIDGE_CLIENT_DN_POLICY;
  const secret = config.AGENT_BRIDGE_SHARED_SECRET;
  const ways: HandshakeVerifier[] = [];
  // TLS itself has followed the chain, intermediates included.
  if (config.AGENT_BRIDGE_TLS_CERT_FILE !== undefined && authorities !== undefined)
    ways.push(
      mtlsVerifier({
        gateways: new CertificateGateway({ subjectPolicy }, { registry, authorities: undefined, clock }),
      }),
    );
  if (config.AGENT_BRIDGE_MTLS_EDGE)
    ways.push(
      mtlsEdgeVerifier({
        gateways: new CertificateGateway({ subjectPolicy }, { registry, authorities, clock }),
      }),
    );
  if (config.AGENT_BRIDGE_ED25519) ways.push(ed25519Verifier({ registry, clock }));
  if (secret !== undefined) ways.push(hmacVerifier({ secret }, { clock }));
  const allowances = config.AGENT_BRIDGE_LEGACY_AGENTS;
  if (allowances.length > 0) ways.push(legacyAllowlistVerifier({ allowances }));
  if (ways.length === 0)
    throw new AppError(
      'CONFIG_INVALID',
      'no way to prove identity is switched on: AGENT_BRIDGE_ED25519, AGENT_BRIDGE_SHARED_SECRET, ' +
        'AGENT_BRIDGE_MTLS_EDGE, AGENT_BRIDGE_TLS_CERT_FILE with AGENT_BRIDGE_CA_BUNDLE, or AGENT_BRIDGE_LEGACY_AGENTS',
    );
  return ways;
}
