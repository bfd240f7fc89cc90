import { createHash } from 'node:crypto';
import { isSignedBy } from '@viw/commands';
import type { Enrollment, EnrollmentTokenCreated, EnrollRequest } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { randomToken } from '@viw/secrets';
import type { ChangeAnnouncer } from '@viw/streams';
import type { AddressLimiter } from '../auth/address-limiter';
import { anonymous } from '../auth/caller';
import type { RequestFacts } from '../http/route';
import type {
  CertificateOrder,
  CertifiedGateway,
  GatewayCertificates,
} from '../private-ca/gateway-certificates';
import type { CommandKeyring } from '../trust/command-keyring';
import type { Repositories, Store } from '../store';
import type { AuditTrail } from './audit-trail';
import { auditEntry } from './audit-trail';
import { gatewayPrincipal } from './gateway-principal';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';
import { tellHubs } from './tell-hubs';

export interface EnrollmentOptions {
  /** Told to enrolled hosts; none: each host's own configuration says where to dial. */
  readonly hubUrls: readonly string[];
  readonly hubPins: readonly string[];
}

export interface EnrollmentDeps {
  readonly store: Store;
  readonly writes: IdempotentWrites;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly keyring: Pick<CommandKeyring, 'trusted'>;
  readonly certificates: Pick<GatewayCertificates, 'order' | 'certify'>;
  readonly limiter: AddressLimiter;
  readonly audit: AuditTrail;
  readonly logger: Logger;
}

interface Enrolled {
  readonly agentId: string;
  readonly certified: CertifiedGateway | undefined;
}

const TOKEN_PREFIX = 'viw_enroll_';

const hashOf = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex');

/** How a host becomes a gateway: an administrator's one-time token, and keys that the host has made for itself. */
export class EnrollmentService {
  constructor(
    private readonly options: EnrollmentOptions,
    private readonly deps: EnrollmentDeps,
  ) {}

  /**
   * A token for a registered gateway; those made before are worth nothing from then on. It leaves here and is kept nowhere.
   * @throws AppError NOT_FOUND (a discovered or decommissioned gateway likewise)
   */
  issueToken(write: WriteRequest, agentId: string, ttlS: number): Promise<EnrollmentTokenCreated> {
    const token = `${TOKEN_PREFIX}${randomToken(32)}`;
    return this.deps.writes.perform(
      write,
      async ({ enrollmentTokens }) => {
        const row = await enrollmentTokens.issue({ agentId, tokenHash: hashOf(token), ttlS });
        const detail = { token_id: row.id, expires_at: row.expires_at };
        return {
          answer: { agent_id: agentId, token, expires_at: row.expires_at },
          audit: {
            action: 'gateway.enrollment_token',
            object: { kind: 'gateway', id: agentId },
            detail,
          },
        };
      },
      { shownOnce: true },
    );
  }

  /**
   * The host's keys become the gateway's; nothing less opens it from then on. All or nothing: a token is used up only by
   * an enrolment that took place. Whoever has used it and asks again in its time, with the keys that are in force, is
   * answered again: the first answer may have got lost.
   * @throws AppError RATE_LIMITED for what fails too often; FORBIDDEN, the same for a token that is unknown, used, void or
   *   expired; INVALID_SIGNATURE when the keys are not the caller's; VALIDATION_FAILED for a certificate request that is none;
   *   CONFLICT for a key that was revoked
   */
  async enroll(request: EnrollRequest, facts: RequestFacts): Promise<Enrollment> {
    const { store, changes, limiter, keyring, certificates } = this.deps;
    const { proof, ...signed } = request;
    if (!isSignedBy(signed.public_keys.agent, 'viw-enroll', signed, proof)) {
      limiter.failed(facts.address);
      throw new AppError('INVALID_SIGNATURE', 'The proof was not made by this agent key');
    }
    if (!(await store.repositories.enrollmentTokens.isKnown(hashOf(request.token))))
      return this.#refuse({ refused: 'unknown' }, facts);
    // Before the token is used up: without them nobody could be enrolled.
    const commandKeys = await keyring.trusted();
    const order = await certificates.order(request.csr);
    const outcome = await store.transaction((repositories) => this.#use(repositories, request, order, facts));
    if ('refused' in outcome) return this.#refuse(outcome, facts);
    changes.announce([{ kind: 'gateway', id: outcome.agentId }]);
    const { hubUrls, hubPins } = this.options;
    return {
      agent_id: outcome.agentId,
      hub_urls: [...hubUrls],
      hub_pins: [...hubPins],
      command_keys: { keys: [...commandKeys] },
      ...(outcome.certified && { certificate: outcome.certified.certificate }),
    };
  }

  async #use(
    repositories: Repositories,
    { token, public_keys: keys }: EnrollRequest,
    order: CertificateOrder | undefined,
    facts: RequestFacts,
  ): Promise<Enrolled | { readonly refused: string; readonly agentId?: string }> {
    const { enrollmentTokens, gatewayCredentials, audit } = repositories;
    const { certificates } = this.deps;
    const used = await enrollmentTokens.use(hashOf(token), facts.address);
    if (!used.usable) {
      const { reason, agentId, stillInTime } = used;
      if (agentId === undefined) return { refused: reason };
      const repeated = stillInTime === true && (await gatewayCredentials.areEnrolled(agentId, keys));
      if (!repeated) return { refused: reason, agentId };
      const certified = order && (await certificates.certify(repositories, agentId, order, 'enrolment'));
      if (certified?.changed === true) await tellHubs(repositories, agentId);
      return { agentId, certified };
    }
    const { id, agentId } = used;
    await gatewayCredentials.setEnrolledKeys(agentId, keys);
    await gatewayCredentials.retireIssuedCertificate(agentId);
    const certified = order && (await certificates.certify(repositories, agentId, order, 'enrolment'));
    await tellHubs(repositories, agentId);
    const object = { kind: 'gateway', id: agentId };
    const detail = { token_id: id, public_keys: keys, certificate_sha256: certified?.sha256 };
    const note = { action: 'gateway.enroll', object, detail };
    await audit.append(auditEntry(gatewayPrincipal(agentId), facts, 'success', note));
    return { agentId, certified };
  }

  /** What was wrong stands in log and audit; the caller is not told, so that nobody can tell a used token from a guess. */
  async #refuse(
    { refused: reason, agentId }: { readonly refused: string; readonly agentId?: string },
    facts: RequestFacts,
  ): Promise<never> {
    const { audit, limiter, logger } = this.deps;
    limiter.failed(facts.address);
    logger.warn(
      { event: 'enrollment_refused', reason, agent_id: agentId, ip: facts.address },
      'an enrolment token opens nothing',
    );
    const object = agentId === undefined ? {} : { object: { kind: 'gateway', id: agentId } };
    await audit.append(
      auditEntry(anonymous, facts, 'denied', { action: 'gateway.enroll', ...object, detail: { reason } }),
    );
    throw new AppError('FORBIDDEN', 'The enrolment token is unknown, was used, or its time is over');
  }
}
