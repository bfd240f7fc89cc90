import type { RegistryEntry } from '@viw/contracts';
import { refusal } from '../handshake/verifier';
import type { Refusal, SeenIdentity } from '../handshake/verifier';
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

/** What a gateway has of its own replaces whatever others share; each of them alone is enough. */
function opens(
  { signing_key: key, certificate_sha256: pinned }: RegistryEntry,
  { credential }: SeenIdentity,
) {
  switch (credential?.kind) {
    case undefined:
      return key === undefined && pinned === undefined;
    case 'key':
      return key?.x === credential.x;
    case 'certificate':
      return pinned === undefined ? credential.namedByIssuer : pinned === credential.sha256;
  }
}
