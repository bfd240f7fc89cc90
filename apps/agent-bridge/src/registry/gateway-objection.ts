import type { RegistryEntry } from '@viw/contracts';
import { refusal } from '../handshake/verifier';
import type { OwnCredential, Refusal, SeenIdentity } from '../handshake/verifier';
import type { GatewayRegistry } from './gateway-registry';

export interface GatewayObjectionOptions {
  /** What an id gets that the registry does not know: visible without commands, or refused. */
  readonly unknownAgents: 'discover' | 'refuse';
}

/** Whether a proven identity is one that may be here, by the registry as it is at this moment. */
export class GatewayObjection {
  readonly #options: GatewayObjectionOptions;
  readonly #registry: GatewayRegistry;

  constructor(options: GatewayObjectionOptions, { registry }: { registry: GatewayRegistry }) {
    this.#options = options;
    this.#registry = registry;
  }

  /** Undefined: it may. Asked at the handshake, and again whenever the registry changes. */
  to(identity: SeenIdentity): Refusal | undefined {
    const { agentId } = identity;
    const entry = this.#registry.entry(agentId);
    if (entry === undefined)
      return this.#options.unknownAgents === 'discover'
        ? undefined
        : refusal('NOT_ALLOWED', 'this agent id is not registered', agentId);
    // Why a gateway is off is told only to who could open it.
    if (!opens(entry, identity))
      return refusal('NOT_ALLOWED', 'this gateway has a key or certificate of its own', agentId);
    switch (entry.state) {
      case 'active':
        return undefined;
      case 'revoked':
        return refusal('REVOKED', 'the credentials of this gateway were revoked', agentId);
      case 'decommissioned':
        return refusal('DECOMMISSIONED', 'this gateway was decommissioned', agentId);
    }
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
  // Whether a former key or certificate still opens anything new is looked at when it is shown.
  if (credential.kind === 'key')
    return [entry.signing_key?.x, entry.former_key?.key.x].includes(credential.x);
  return hasNothingOfItsOwn(entry)
    ? credential.namedByIssuer
    : [entry.certificate_sha256, entry.former_certificate?.sha256].includes(credential.sha256);
}
