import { isChallengeWait } from '@viw/acme';
import type { IssuedCertificate, IssueRequest, IssueStepEvent } from '@viw/acme';
import type {
  CertificateRepository,
  CertificateVersionRepository,
  OperationRepository,
  OperationWork,
  OperationWorkRepository,
  OrderKeyRepository,
} from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { StepJournal } from '../operation/step-journal';
import { certificateKeyContext, orderKeyContext } from '../encryption-contexts';
import type { WorkerMetrics } from '../worker-metrics';
import type { IssuerInService, Issuers } from '../issuers/issuers';
import type { ChosenSolver, DnsSolvers } from './dns/dns-solvers';
import type { RenewalKind } from './order-budget';
import type { ServerHttp01 } from './server-http01';
import type { Solvers } from './solvers';

export interface IssuanceDeps {
  readonly issuers: Pick<Issuers, 'of'>;
  readonly solvers: Solvers;
  /** For DNS-01; without it there is what `solvers` has. */
  readonly dns?: Pick<DnsSolvers, 'solverFor'> | undefined;
  /** For HTTP-01 by a file on the server itself. */
  readonly serverHttp01?: Pick<ServerHttp01, 'solverFor'> | undefined;
  readonly box: SecretBox;
  readonly metrics: WorkerMetrics;
  readonly store: {
    readonly certificates: Pick<CertificateRepository, 'get'>;
    readonly history: Pick<OperationRepository, 'get'>;
    readonly operations: Pick<OperationWorkRepository, 'setOrderUrl' | 'setOrderState'>;
    readonly orderKeys: Pick<OrderKeyRepository, 'find' | 'save'>;
    readonly versions: Pick<CertificateVersionRepository, 'save' | 'leafOf'>;
  };
}

/** One new version of a certificate for one operation, however often the operation is taken up again. */
export class Issuance {
  constructor(private readonly deps: IssuanceDeps) {}

  /**
   * @returns id of the version that fulfils the operation
   * @throws AppError ACME_REFUSED, ACME_RATE_LIMITED, ACME_UNAVAILABLE, NOT_FOUND, NOT_IMPLEMENTED; CONFLICT when the
   *   lease is lost; the signal's reason
   */
  async run(work: OperationWork, journal: StepJournal, signal: AbortSignal): Promise<string> {
    const present = await this.#versionSince(work);
    if (present !== undefined) {
      await journal.report({ step: 'issue', status: 'skipped', detail: `issued already: ${present.serial}` });
      return present.id;
    }
    const service = await this.deps.issuers.of(work.issuer);
    const chosen = service.proves ? await this.#solverFor(work) : undefined;
    const request = await this.#request(work, service, journal, signal);
    // Not again for an order of this operation, which a worker before may have made.
    if (chosen && (work.order_url === null || work.continues !== null)) {
      // Nobody is asked to set records for a rehearsal.
      if (!chosen.byHand) await service.rehearsal?.run(work, chosen.solver, journal, signal);
      await service.budget?.assertRoom(work.names, renewalOf(service, request));
    }
    const issued = await this.#issue(service, { ...request, ...(chosen && { solver: chosen.solver }) });
    return this.#save(work, issued, journal);
  }

  /** @throws AppError NOT_IMPLEMENTED, and what the choice of a DNS provider throws */
  async #solverFor(work: OperationWork): Promise<ChosenSolver> {
    const { dns, serverHttp01, solvers } = this.deps;
    const { issuer, challenge } = work;
    if (challenge === 'dns-01' && dns) {
      const chosen = await dns.solverFor(work);
      if (chosen) return chosen;
    } else {
      const solver =
        challenge === 'http-01' && work.http_via === 'server'
          ? serverHttp01?.solverFor(work)
          : Object.entries(solvers).find(([type]) => type === challenge)?.[1];
      if (solver) return { solver, byHand: false };
    }
    throw new AppError(
      'NOT_IMPLEMENTED',
      `this cert-worker is not set up to issue by ${issuer} with ${challenge}`,
    );
  }

  /** Still needed? A version that came after the request (this operation's own before a crash, too) fulfils it. */
  async #versionSince({ certificate_id, operation_id }: OperationWork) {
    const { certificates, history } = this.deps.store;
    const [certificate, operation] = await Promise.all([
      certificates.get(certificate_id),
      history.get(operation_id),
    ]);
    if (!certificate || !operation) throw new AppError('NOT_FOUND', 'the certificate has been deleted');
    const version = certificate.current_version;
    return version && Date.parse(version.created_at) > Date.parse(operation.created_at) ? version : undefined;
  }

  async #issue({ issuer }: IssuerInService, request: IssueRequest): Promise<IssuedCertificate> {
    try {
      return await issuer.issue(request).catch((error: unknown) => {
        // The CA has forgotten the account; the issuer registers its key once more.
        if (error instanceof AppError && error.meta['problem_type'] === 'accountDoesNotExist')
          return issuer.issue(request);
        throw error;
      });
    } catch (error) {
      if (error instanceof AppError && error.code.startsWith('ACME_') && !isChallengeWait(error))
        this.deps.metrics.issuanceFailed(error);
      throw error;
    }
  }

  async #request(
    work: OperationWork,
    { profile, preferredChain }: IssuerInService,
    journal: StepJournal,
    signal: AbortSignal,
  ): Promise<Omit<IssueRequest, 'solver'>> {
    const { operation_id: operationId, fencing, names, key_type: keyType } = work;
    const { operations } = this.deps.store;
    let orderUrl = work.order_url ?? '';
    const resume = await this.#resume(work);
    const replacesPem = await this.#leafInService(work);
    return {
      names,
      keyType,
      signal,
      onStep: (event) => journal.report(stepOf(event)),
      onOrder: async (url) => {
        orderUrl = url;
        await operations.setOrderUrl(operationId, fencing, url);
      },
      onState: (state) => operations.setOrderState(operationId, fencing, state),
      onKey: (privateKeyPem) => this.#keep(work, orderUrl, privateKeyPem),
      ...(resume && { resume }),
      ...(profile !== undefined && { profile }),
      ...(preferredChain !== undefined && { preferredChain }),
      ...(replacesPem !== undefined && { replacesPem }),
    };
  }

  async #leafInService({ current_version_id: id }: OperationWork): Promise<string | undefined> {
    return id === null ? undefined : this.deps.store.versions.leafOf(id);
  }

  async #resume(work: OperationWork): Promise<IssueRequest['resume']> {
    const { operation_id, order_url: orderUrl, continues } = work;
    if (orderUrl === null) return undefined;
    const own = await this.#keyOf(operation_id, orderUrl);
    if (own !== undefined) return { orderUrl, privateKeyPem: own };
    const earlier = continues === null ? undefined : await this.#keyOf(continues, orderUrl);
    if (earlier === undefined) return { orderUrl };
    // Under this operation from now on, so that the attempt after it finds the key, too.
    await this.#keep(work, orderUrl, earlier);
    return { orderUrl, privateKeyPem: earlier };
  }

  async #keyOf(operationId: string, orderUrl: string): Promise<string | undefined> {
    const key = await this.deps.store.orderKeys.find(operationId);
    if (key?.order_url !== orderUrl) return undefined;
    return this.deps.box.openText(key.private_key_sealed, orderKeyContext(operationId));
  }

  #keep({ operation_id, fencing }: OperationWork, orderUrl: string, privateKeyPem: string): Promise<void> {
    const sealed = this.deps.box.seal(privateKeyPem, orderKeyContext(operation_id));
    return this.deps.store.orderKeys.save(operation_id, fencing, {
      order_url: orderUrl,
      private_key_sealed: sealed,
    });
  }

  async #save(work: OperationWork, issued: IssuedCertificate, journal: StepJournal): Promise<string> {
    const id = uuidv7();
    await this.deps.store.versions.save(work.fencing, {
      id,
      certificate_id: work.certificate_id,
      operation_id: work.operation_id,
      cert_pem: issued.certificatePem,
      chain_pem: issued.chainPem,
      private_key_sealed: this.deps.box.seal(issued.privateKeyPem, certificateKeyContext(id)),
      serial: issued.serial,
      fingerprint_sha256: issued.fingerprintSha256,
      issuer: issued.issuer,
      names: issued.names,
      not_before: issued.notBefore.toISOString(),
      not_after: issued.notAfter.toISOString(),
    });
    await journal.report({ step: 'store', status: 'done', detail: `SHA-256 ${issued.fingerprintSha256}` });
    journal.changed();
    return id;
  }
}

/** An order that says what it replaces is one at the wish of the CA; another one for the same names is a renewal, too. */
const renewalOf = (
  { issuer }: IssuerInService,
  { replacesPem }: Pick<IssueRequest, 'replacesPem'>,
): RenewalKind | undefined => {
  if (replacesPem === undefined) return undefined;
  return issuer.renewalInformation ? 'replaces' : 'same-names';
};

/** Steps of several names stand side by side, so the name is part of theirs. */
const stepOf = ({ step, name, ...rest }: IssueStepEvent) => ({
  ...rest,
  step: name === undefined ? step : `${step} ${name}`,
});
