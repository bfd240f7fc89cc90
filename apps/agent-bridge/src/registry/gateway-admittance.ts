import type { RegistryEntry } from '@viw/contracts';
import { refusal } from '../handshake/verifier';
import type { OwnCredential, Refusal, SeenIdentity } from '../handshake/verifier';
import type { GatewayRegistry } from './gateway-registry';

export interface GatewayAdmittanceOptions {
  /** What an id gets that the registry does not know: visible without commands, or refused. */
  readonly unknownAgents: 'discover' | 'refuse';
}

/** Whether a proven identity is one that may be here, by the registry as it is at this moment. */
export class GatewayAdmittance {
  readonly #options: GatewayAdmittanceOptions;
  readonly #registry: GatewayRegistry;

  constructor(options: GatewayAdmittanceOptions, { registry }: { registry: GatewayRegistry }) {
    this.#options = options;
    this.#registry = registry;
  }

  /** Undefined: it may. Asked at the handshake, and again whenever the registry changes. */
  objection(identity: SeenIdentity): Refusal | undefined {
    const { agentId } = identity;
    const entry = this.#registry.entry(agentId);
    if (entry === undefined)
      return this.#options.unknownAgents === 'discover'
        ? undefined
        : refusal('NOT_ALLOWED', 'this agent id is not registered', agentId);
    if (entry.state === 'decommissioned')
      return refusal('DECOMMISSIONED', 'this gateway was decommissioned', agentId);
    if (entry.state === 'revoked')
      return refusal('REVOKED', 'the credentials of this gateway were revoked', agentId);
    return opens(entry, identity)
      ? undefined
      : refusal('NOT_ALLOWED', 'this gateway has a key or certificate of its own', agentId);
  }
}

/**
 * What a gateway has of its own replaces whatever others share, an issuer's word for a certificate included: else a new key
 * for a gateway that was revoked would let in the certificate of the stolen host. Each thing of its own alone is enough.
 */
function opens(entry: RegistryEntry, { credentials = [] }: SeenIdentity): boolean {
  if (credentials.length === 0) return hasNothingOfItsOwn(entry);
  return credentials.some((credential) => fits(entry, credential));
}

const hasNothingOfItsOwn = ({ signing_key, certificate_sha256 }: RegistryEntry): boolean =>
  signing_key === undefined && certificate_sha256 === undefined;

function fits(entry: RegistryEntry, credential: OwnCredential): boolean {
  if (credential.kind === 'key') return entry.signing_key?.x === credential.x;
  return hasNothingOfItsOwn(entry)
    ? credential.namedByIssuer
    : entry.certificate_sha256 === credential.sha256;
}
