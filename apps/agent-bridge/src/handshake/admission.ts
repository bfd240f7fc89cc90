import type { NonceMemory } from '@viw/agent-auth';
import type { Logger } from '@viw/runtime';
import type { GatewayObjection } from '../registry/gateway-objection';
import type { GatewayRegistry } from '../registry/gateway-registry';
import type { AgentClaims } from '../lease/agent-claims';
import type { Lease } from '../lease/lease-store';
import type { ConnectionTable } from '../connection/connection-table';
import type { AdmissionRate } from './admission-rate';
import { proveIdentity } from './prove-identity';
import { claimedId, refusal } from './verifier';
import type { HandshakeRequest, HandshakeVerifier, ProvenIdentity, Refusal } from './verifier';

export interface AdmissionOptions {
  readonly maxConnections: number;
  /** Empty: everyone. */
  readonly allowedAgentIds: readonly string[];
}

export interface AdmissionDeps {
  /** Those that are switched on, the strongest first. */
  readonly verifiers: readonly HandshakeVerifier[];
  readonly rate: Pick<AdmissionRate, 'take' | 'retryAfterS'>;
  readonly registry: Pick<GatewayRegistry, 'isLoaded'>;
  readonly objection: Pick<GatewayObjection, 'to'>;
  readonly nonces: Pick<NonceMemory, 'claim'>;
  readonly claims: Pick<AgentClaims, 'claim'>;
  readonly connections: Pick<ConnectionTable, 'size' | 'get'>;
  readonly logger: Logger;
}

export interface Admitted {
  readonly ok: true;
  readonly identity: ProvenIdentity;
  readonly lease: Lease;
}

/**
 * Decides before the upgrade who comes in: rate, proof of identity, registry, allowlist, room, fresh nonce, lease. What depends on
 * Redis comes last, and without Redis the answer is no.
 */
export class Admission {
  readonly #maxConnections: number;
  readonly #allowed: ReadonlySet<string>;
  readonly #deps: AdmissionDeps;
  #open = true;
  #deciding = 0;

  constructor({ maxConnections, allowedAgentIds }: AdmissionOptions, deps: AdmissionDeps) {
    this.#maxConnections = maxConnections;
    this.#allowed = new Set(allowedAgentIds);
    this.#deps = deps;
  }

  /** From now on everyone is told to come back later. */
  close(): void {
    this.#open = false;
  }

  /** @param connId of the connection to be, stored in the lease */
  async decide(request: HandshakeRequest, connId: string): Promise<Admitted | Refusal> {
    if (!this.#open) return this.#busy('this hub is stopping');
    if (!this.#deps.registry.isLoaded) return this.#busy('registry not loaded');
    // Before anything that costs: signatures, certificates, Redis.
    const claimed = claimedId(request.headers);
    if (claimed !== undefined && this.#isFullFor(claimed)) return this.#busy('this hub has no room', claimed);
    if (!this.#deps.rate.take()) return this.#busy('too many handshakes at this moment', claimed);
    const identity = await proveIdentity(request, this.#deps.verifiers);
    if (!identity.ok) return identity;
    const { agentId } = identity;
    const objected = this.#deps.objection.to(identity);
    if (objected) return objected;
    if (this.#allowed.size > 0 && !this.#allowed.has(agentId))
      return refusal('NOT_ALLOWED', 'this agent id is not on the allowlist', agentId);
    if (this.#isFullFor(agentId)) return this.#busy('this hub has no room', agentId);
    this.#deciding += 1;
    try {
      return await this.#claim(identity, connId, request.ip);
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'admission_unavailable', agent_id: agentId, error },
        'Redis cannot be asked',
      );
      return this.#busy('this hub cannot check the handshake now', agentId);
    } finally {
      this.#deciding -= 1;
    }
  }

  /** An agent that comes back replaces its former socket and needs no further room. */
  #isFullFor(agentId: string): boolean {
    const { connections } = this.#deps;
    return connections.size + this.#deciding >= this.#maxConnections && !connections.get(agentId);
  }

  #busy(msg: string, agentId?: string): Refusal {
    return { ...refusal('BUSY', msg, agentId), retryAfterS: this.#deps.rate.retryAfterS() };
  }

  async #claim(identity: ProvenIdentity, connId: string, ip: string): Promise<Admitted | Refusal> {
    const { agentId, nonce } = identity;
    if (nonce !== undefined && !(await this.#deps.nonces.claim(agentId, nonce)))
      return refusal('REPLAYED_NONCE', 'X-Nonce has been used before', agentId);
    const lease = await this.#deps.claims.claim(agentId, connId, ip);
    if (!lease) return refusal('DUPLICATE_ID', 'another live host has this agent id', agentId);
    return { ok: true, identity, lease };
  }
}
