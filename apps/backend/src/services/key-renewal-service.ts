import { isSignedBy } from '@viw/commands';
import { limits } from '@viw/contracts';
import type { Renewal, RenewRequest } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import type { AddressLimiter } from '../auth/address-limiter';
import type { RequestFacts } from '../http/route';
import type { Repositories, Store } from '../store';
import { auditEntry } from './audit-trail';
import { gatewayPrincipal } from './gateway-principal';
import { tellHubs } from './tell-hubs';

export interface KeyRenewalOptions {
  /** Seconds for which hubs take the former key beside the next one. */
  readonly overlapS: number;
}

export interface KeyRenewalDeps {
  readonly store: Store;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly limiter: AddressLimiter;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Lets an agent replace its own key by the one it has. */
export class KeyRenewalService {
  constructor(
    private readonly options: KeyRenewalOptions,
    private readonly deps: KeyRenewalDeps,
  ) {}

  /**
   * Asked again, because an answer was lost, it answers again: a key that is in force already needs no proof but its own.
   * @throws AppError RATE_LIMITED for what fails too often; VALIDATION_FAILED when the request is not of now; FORBIDDEN, the
   *   same for an unknown gateway and for signatures that do not fit; CONFLICT for a key that was revoked
   */
  async renew(request: RenewRequest, facts: RequestFacts): Promise<Renewal> {
    const { store, changes } = this.deps;
    this.#assertOfNow(request.issued_at);
    const { by_current: byCurrent, by_next: byNext, ...signed } = request;
    const { agent_id: agentId, next } = signed;
    const fits = (current: RenewRequest['next'] | undefined): current is RenewRequest['next'] =>
      current !== undefined && (current.x === next.x || isSignedBy(current, 'viw-renew', signed, byCurrent));
    // Strangers lock no row: it is looked at once before, and again in the transaction.
    const proven =
      isSignedBy(next, 'viw-renew', signed, byNext) &&
      fits(await store.repositories.gatewayCredentials.agentKey(agentId));
    const outcome = proven
      ? await store.transaction((repositories) => this.#replace(repositories, agentId, next, facts, fits))
      : undefined;
    if (outcome === undefined) return this.#refuse(agentId, facts);
    if (outcome.changed) changes.announce([{ kind: 'gateway', id: agentId }]);
    return { agent_id: agentId, former_until: outcome.formerUntil };
  }

  #refuse(agentId: string, facts: RequestFacts): never {
    const { limiter, logger } = this.deps;
    limiter.failed(facts.address);
    logger.warn(
      { event: 'key_renewal_refused', agent_id: agentId, ip: facts.address },
      'a key renewal is not signed by the gateway’s key',
    );
    throw new AppError('FORBIDDEN', 'The request is not signed by the key of this gateway and the next one');
  }

  async #replace(
    repositories: Repositories,
    agentId: string,
    next: RenewRequest['next'],
    facts: RequestFacts,
    fits: (current: RenewRequest['next'] | undefined) => current is RenewRequest['next'],
  ): Promise<{ readonly changed: boolean; readonly formerUntil: string | null } | undefined> {
    const { gatewayCredentials, audit } = repositories;
    const current = await gatewayCredentials.lockAgentKey(agentId);
    if (!fits(current)) return undefined;
    if (current.x === next.x) return { changed: false, formerUntil: null };
    const formerUntil = await gatewayCredentials.renewAgentKey(agentId, next, this.options.overlapS);
    await tellHubs(repositories, agentId);
    const note = {
      action: 'gateway.key.renew',
      object: { kind: 'gateway', id: agentId },
      detail: { agent: next, former_until: formerUntil },
    };
    await audit.append(auditEntry(gatewayPrincipal(agentId), facts, 'success', note));
    return { changed: true, formerUntil };
  }

  #assertOfNow(issuedAt: string): void {
    const { clock = systemClock } = this.deps;
    if (Math.abs(clock.now() - Date.parse(issuedAt)) <= limits.clockSkewMs) return;
    throw new AppError('VALIDATION_FAILED', 'issued_at is not of now: a clock is wrong', {
      meta: { errors: [{ path: 'issued_at', msg: `within ${limits.clockSkewMs / 1_000} s of now` }] },
    });
  }
}
