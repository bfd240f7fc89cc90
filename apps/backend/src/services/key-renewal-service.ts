import { isSignedBy } from '@viw/commands';
import { limits } from '@viw/contracts';
import type { Renewal, RenewRequest } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import type { AddressLimiter } from '../auth/address-limiter';
import type { RequestFacts } from '../http/route';
import type {
  CertificateOrder,
  CertifiedGateway,
  GatewayCertificates,
} from '../private-ca/gateway-certificates';
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
  readonly certificates: Pick<GatewayCertificates, 'order' | 'certify'>;
  readonly limiter: AddressLimiter;
  readonly logger: Logger;
  readonly clock?: Clock;
}

interface Replacement {
  readonly agentId: string;
  readonly next: RenewRequest['next'];
  readonly order: CertificateOrder | undefined;
}

interface Replaced {
  readonly changed: boolean;
  readonly formerUntil: string | null;
  readonly certified: CertifiedGateway | undefined;
}

/** Lets an agent replace its own key by the one it has, and its certificate. */
export class KeyRenewalService {
  constructor(
    private readonly options: KeyRenewalOptions,
    private readonly deps: KeyRenewalDeps,
  ) {}

  /**
   * Asked again, because an answer was lost, it answers again: a key that is in force already needs no proof but its own.
   * @throws AppError RATE_LIMITED for what fails too often; VALIDATION_FAILED when the request is not of now; FORBIDDEN, the
   *   same for an unknown gateway and for signatures that do not fit; VALIDATION_FAILED for a certificate request that is none;
   *   CONFLICT for a key that was revoked
   */
  async renew(request: RenewRequest, facts: RequestFacts): Promise<Renewal> {
    const { store, changes, certificates } = this.deps;
    this.#assertOfNow(request.issued_at);
    const { by_current: byCurrent, by_next: byNext, ...signed } = request;
    const { agent_id: agentId, next } = signed;
    const fits = (current: RenewRequest['next'] | undefined): current is RenewRequest['next'] =>
      current !== undefined && (current.x === next.x || isSignedBy(current, 'viw-renew', signed, byCurrent));
    // Strangers lock no row: it is looked at once before, and again in the transaction.
    const proven =
      isSignedBy(next, 'viw-renew', signed, byNext) &&
      fits(await store.repositories.gatewayCredentials.agentKey(agentId));
    if (!proven) return this.#refuse(agentId, facts);
    const order = await certificates.order(request.csr);
    const outcome = await store.transaction((repositories) =>
      this.#replace(repositories, { agentId, next, order }, facts, fits),
    );
    if (outcome === undefined) return this.#refuse(agentId, facts);
    if (outcome.changed) changes.announce([{ kind: 'gateway', id: agentId }]);
    const { formerUntil, certified } = outcome;
    return {
      agent_id: agentId,
      former_until: formerUntil,
      ...(certified && { certificate: certified.certificate }),
    };
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
    { agentId, next, order }: Replacement,
    facts: RequestFacts,
    fits: (current: RenewRequest['next'] | undefined) => current is RenewRequest['next'],
  ): Promise<Replaced | undefined> {
    const { gatewayCredentials, audit } = repositories;
    const current = await gatewayCredentials.lockAgentKey(agentId);
    if (!fits(current)) return undefined;
    const isOther = current.x !== next.x;
    const { overlapS } = this.options;
    const formerUntil = isOther ? await gatewayCredentials.renewAgentKey(agentId, next, overlapS) : null;
    const certified =
      order && (await this.deps.certificates.certify(repositories, agentId, order, 'renewal'));
    // One that is for the former key must not outlast it.
    if (isOther && certified === undefined) await gatewayCredentials.retireIssuedCertificate(agentId);
    const changed = isOther || certified?.changed === true;
    if (!changed) return { changed, formerUntil, certified };
    await tellHubs(repositories, agentId);
    const note = {
      action: isOther ? 'gateway.key.renew' : 'gateway.certificate.renew',
      object: { kind: 'gateway', id: agentId },
      detail: { agent: next, former_until: formerUntil, certificate_sha256: certified?.sha256 },
    };
    await audit.append(auditEntry(gatewayPrincipal(agentId), facts, 'success', note));
    return { changed, formerUntil, certified };
  }

  #assertOfNow(issuedAt: string): void {
    const { clock = systemClock } = this.deps;
    if (Math.abs(clock.now() - Date.parse(issuedAt)) <= limits.clockSkewMs) return;
    throw new AppError('VALIDATION_FAILED', 'issued_at is not of now: a clock is wrong', {
      meta: { errors: [{ path: 'issued_at', msg: `within ${limits.clockSkewMs / 1_000} s of now` }] },
    });
  }
}
