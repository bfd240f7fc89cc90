import type { NonceMemory } from '@viw/agent-auth';
import type { Logger } from '@viw/runtime';
import type { AgentClaims } from '../lease/agent-claims';
import type { Lease } from '../lease/lease-store';
import type { ConnectionTable } from '../connection/connection-table';
import { refusal } from './verifier';
import type { HandshakeRequest, HandshakeVerifier, ProvenIdentity, Refusal } from './verifier';

export interface AdmissionOptions {
  readonly maxConnections: number;
  /** Empty: everyone. */
  readonly allowedAgentIds: readonly string[];
}

export interface AdmissionDeps {
  /** Asked in this order; the first one whose proof is offered decides. */
  readonly verifiers: readonly HandshakeVerifier[];
  readonly nonces: Pick<NonceMemory, 'claim'>;
  readonly claims: Pick<AgentClaims, 'claim'>;
  readonly connections: Pick<ConnectionTable, 'size' | 'get'>;
  readonly logger: Logger;
}

export interface Admitted {
  readonly ok: true;
  readonly agentId: string;
  readonly lease: Lease;
}

/**
 * Decides before the upgrade who comes in: proof of identity, allowlist, room, fresh nonce, lease. What depends on
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
    if (!this.#open) return refusal('BUSY', 'this hub is stopping');
    const identity = await this.#prove(request);
    if (!identity.ok) return identity;
    const { agentId } = identity;
    if (this.#allowed.size > 0 && !this.#allowed.has(agentId))
      return refusal('NOT_ALLOWED', 'this agent id is not on the allowlist', agentId);
    const { connections } = this.#deps;
    // An agent that comes back replaces its former socket and needs no further room.
    const full = connections.size + this.#deciding >= this.#maxConnections;
    if (full && !connections.get(agentId)) return refusal('BUSY', 'this hub has no room', agentId);
    this.#deciding += 1;
    try {
      return await this.#claim(identity, connId, request.ip);
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'admission_unavailable', agent_id: agentId, error },
        'Redis cannot be asked',
      );
      return refusal('BUSY', 'this hub cannot check the handshake now', agentId);
    } finally {
      this.#deciding -= 1;
    }
  }

  async #prove(request: HandshakeRequest): Promise<ProvenIdentity | Refusal> {
    const verifier = this.#deps.verifiers.find((each) => each.offeredBy(request));
    return verifier
      ? verifier.verify(request)
      : refusal('BAD_REQUEST', 'no proof of identity that this hub accepts');
  }

  async #claim({ agentId, nonce }: ProvenIdentity, connId: string, ip: string): Promise<Admitted | Refusal> {
    if (nonce !== undefined && !(await this.#deps.nonces.claim(agentId, nonce)))
      return refusal('REPLAYED_NONCE', 'X-Nonce has been used before', agentId);
    const lease = await this.#deps.claims.claim(agentId, connId, ip);
    if (!lease) return refusal('DUPLICATE_ID', 'another live host has this agent id', agentId);
    return { ok: true, agentId, lease };
  }
}
