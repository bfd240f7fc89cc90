import type { NonceMemory } from '@viw/agent-auth';
import type { Clock, Logger } from '@viw/runtime';
import type { GatewayObjection } from '../registry/gateway-objection';
import type { GatewayRegistry } from '../registry/gateway-registry';
import type { AgentClaims } from '../lease/agent-claims';
import type { Lease } from '../lease/lease-store';
import type { AddressRates } from '../connection/address-rates';
import type { AdmissionRate } from './admission-rate';
import { proveIdentity } from './prove-identity';
import type { Room } from './room';
import { busy, claimedId, refusal } from './verifier';
import type { HandshakeRequest, HandshakeVerifier, ProvenIdentity, Refusal } from './verifier';

/** By then an address whose proofs failed may show a few again. Not a turn of the hub's: strangers must not use those up. */
const FAILED_PROOFS_RETRY_AFTER_S = 10;
/** Another hub is ready behind the same address, or soon this one again. */
const STOPPING_RETRY_AFTER_S = 1;
/** For one of two live hosts with one id. */
const DUPLICATE_RETRY_AFTER_S = 30;

export interface AdmissionOptions {
  /** Empty: everyone. */
  readonly allowedAgentIds: readonly string[];
}

export interface AdmissionDeps {
  /** Those that are switched on, the strongest first. */
  readonly verifiers: readonly HandshakeVerifier[];
  readonly rate: Pick<AdmissionRate, 'take' | 'retryAfterS'>;
  /** Proofs that did not hold, per source address. */
  readonly failedProofs: Pick<AddressRates, 'take' | 'hasLeft'>;
  readonly registry: Pick<GatewayRegistry, 'isLoaded'>;
  readonly objection: Pick<GatewayObjection, 'to'>;
  readonly nonces: Pick<NonceMemory, 'claim'>;
  readonly claims: Pick<AgentClaims, 'claim'>;
  readonly room: Pick<Room, 'isFullFor' | 'reserve'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Admitted {
  readonly ok: true;
  readonly identity: ProvenIdentity;
  readonly lease: Lease;
}

/**
 * Decides before the upgrade who comes in: rates, proof of identity, registry, allowlist, room, fresh nonce, lease. What depends on
 * Redis comes last, and without Redis the answer is no. Whoever fails proof after proof is sent away before it can use up
 * what all agents share: the rate of the hub and the turns of those who are to come back.
 */
export class Admission {
  readonly #allowed: ReadonlySet<string>;
  readonly #deps: AdmissionDeps;
  #open = true;

  constructor({ allowedAgentIds }: AdmissionOptions, deps: AdmissionDeps) {
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
    if (!this.#deps.failedProofs.hasLeft(request.ip, this.#deps.clock.now()))
      return busy('too many proofs from this address did not hold', FAILED_PROOFS_RETRY_AFTER_S, claimed);
    if (claimed !== undefined && this.#deps.room.isFullFor(claimed))
      return this.#busy('this hub has no room', claimed);
    if (!this.#deps.rate.take()) return this.#busy('too many handshakes at this moment', claimed);
    const identity = await proveIdentity(request, this.#deps.verifiers);
    if (!identity.ok) return this.#failed(identity, request.ip);
    const { agentId } = identity;
    const objected = this.#deps.objection.to(identity);
    if (objected) return objected;
    if (this.#allowed.size > 0 && !this.#allowed.has(agentId))
      return refusal('NOT_ALLOWED', 'this agent id is not on the allowlist', agentId);
    if (this.#deps.room.isFullFor(agentId)) return this.#busy('this hub has no room', agentId);
    const leave = this.#deps.room.reserve(agentId);
    try {
      return await this.#claim(identity, connId, request.ip);
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'admission_unavailable', agent_id: agentId, error },
        'Redis cannot be asked',
      );
      return this.#busy('this hub cannot check the handshake now', agentId);
    } finally {
      leave();
    }
  }

  /** Also one that was shown before counts: whoever repeats it has overheard it. */
  #failed(refused: Refusal, ip: string): Refusal {
    this.#deps.failedProofs.take(ip, this.#deps.clock.now());
    return refused;
  }

  #busy(msg: string, agentId?: string): Refusal {
    return busy(msg, this.#open ? this.#deps.rate.retryAfterS() : STOPPING_RETRY_AFTER_S, agentId);
  }

  async #claim(identity: ProvenIdentity, connId: string, ip: string): Promise<Admitted | Refusal> {
    const { agentId, nonce } = identity;
    if (nonce !== undefined && !(await this.#deps.nonces.claim(agentId, nonce)))
      return this.#failed(refusal('REPLAYED_NONCE', 'X-Nonce has been used before', agentId), ip);
    const lease = await this.#deps.claims.claim(agentId, connId, ip);
    if (!lease)
      return {
        ...refusal('DUPLICATE_ID', 'another live host has this agent id', agentId),
        retryAfterS: DUPLICATE_RETRY_AFTER_S,
      };
    return { ok: true, identity, lease };
  }
}
