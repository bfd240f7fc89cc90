import type { RenewalScheduleRepository, UnplannedVersion } from '@viw/database';
import type { Logger } from '@viw/runtime';
import { isRetryable } from '@viw/streams';
import type { ChangeAnnouncer } from '@viw/streams';
import type { CertificateAlerts } from './certificate-alerts';
import type { WorkerMetrics } from '../worker-metrics';
import type { VersionPlanner } from './version-planner';

export interface CertificateSchedulerOptions {
  /** Renewals and repeated issuances that may be begun in ten minutes; repeated deployments and revocations are not counted. */
  readonly ordersPerTenMinutes: number;
}

export interface CertificateSchedulerDeps {
  readonly schedule: Pick<
    RenewalScheduleRepository,
    'unplanned' | 'savePlan' | 'due' | 'begin' | 'begunWithin'
  >;
  readonly planner: Pick<VersionPlanner, 'plan' | 'planByLifetime'>;
  readonly alerts: Pick<CertificateAlerts, 'tell'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly metrics: Pick<WorkerMetrics, 'planFailed'>;
  readonly logger: Logger;
}

const TEN_MINUTES_S = 600;
/** Of one turn: a fleet that is new is planned within minutes, and a CA is not asked in a burst. */
const PLANS_PER_TURN = 100;
const DUE_PER_TURN = 100;
/** A CA that answers slowly holds up what is due for no longer. */
const PLANNING_MS = 10_000;
/** Until a version that cannot be planned at all is looked at again; so many are remembered. */
const UNPLANNABLE_MS = 3_600_000;
const MAX_UNPLANNABLE = 10_000;

/**
 * Begins what is due: renewals by their stored plan and repeated attempts by their stored time. It only writes operations
 * down, as an accepted request would be; workers do them. Of all cert-workers one at a time is to do it.
 */
export class CertificateScheduler {
  /** Versions by id, with when they are tried again (of `performance.now`): they stand in nobody's way meanwhile. */
  readonly #unplannable = new Map<string, number>();

  constructor(
    private readonly options: CertificateSchedulerOptions,
    private readonly deps: CertificateSchedulerDeps,
  ) {}

  async turn(end: AbortSignal): Promise<void> {
    await this.#beginDue();
    await this.#planVersions(end);
    await this.#tellAlerts();
  }

  /** Without Redis nobody can be told, and everything else goes on. */
  async #tellAlerts(): Promise<void> {
    await this.deps.alerts.tell().catch((error: unknown) => {
      this.deps.logger.warn({ event: 'alerts_not_told', error }, 'told in the next turn');
    });
  }

  async #beginDue(): Promise<void> {
    const { schedule, changes, logger } = this.deps;
    const due = await schedule.due(DUE_PER_TURN);
    if (due.length === 0) return;
    let allowed = this.options.ordersPerTenMinutes - (await schedule.begunWithin(TEN_MINUTES_S));
    for (const work of due) {
      const orders = work.kind === 'issue' || work.kind === 'renew';
      if (orders && allowed <= 0) continue;
      const operationId = await schedule.begin(work);
      if (operationId === undefined) continue;
      if (orders) allowed -= 1;
      const { certificate_id, kind } = work;
      logger.info({ event: 'operation_scheduled', operation_id: operationId, certificate_id, kind }, 'begun');
      changes.announce([
        { kind: 'operation', id: operationId, parent_id: certificate_id },
        { kind: 'certificate', id: certificate_id },
      ]);
    }
  }

  /**
   * A CA that is silent once is not asked again in this turn: plans are made without it. A version that cannot be planned
   * stops no other one. @throws an outage of Postgres
   */
  async #planVersions(signal: AbortSignal): Promise<void> {
    const { schedule, planner, changes } = this.deps;
    const deadline = performance.now() + PLANNING_MS;
    const silentIssuers = new Set<string>();
    for (const [id, until] of this.#unplannable) if (until <= performance.now()) this.#unplannable.delete(id);
    for (const version of await schedule.unplanned(PLANS_PER_TURN, [...this.#unplannable.keys()])) {
      if (signal.aborted || performance.now() > deadline) return;
      try {
        const ask = !silentIssuers.has(version.issuer);
        const { plan, silent } = await planner.plan(version, { ask, signal });
        if (silent) silentIssuers.add(version.issuer);
        await schedule.savePlan(plan);
        if (version.plan?.due_at !== plan.due_at || version.plan.note !== plan.note)
          changes.announce([{ kind: 'certificate', id: plan.certificate_id }]);
      } catch (error) {
        if (signal.aborted) return;
        if (isRetryable(error)) throw error;
        await this.#planWithoutCa(version, error);
      }
    }
  }

  /** @throws an outage of Postgres */
  async #planWithoutCa(version: UnplannedVersion, error: unknown): Promise<void> {
    const { certificate_id, version_id } = version;
    this.deps.metrics.planFailed();
    this.deps.logger.error(
      { event: 'version_not_planned', certificate_id, version_id, error },
      'its renewal is planned by its life alone',
    );
    try {
      await this.deps.schedule.savePlan(this.deps.planner.planByLifetime(version));
    } catch (again) {
      if (isRetryable(again)) throw again;
      this.deps.logger.error(
        { event: 'version_unplannable', certificate_id, version_id, error: again },
        'it has no plan and is not renewed by itself; looked at again in an hour',
      );
      if (this.#unplannable.size < MAX_UNPLANNABLE)
        this.#unplannable.set(version_id, performance.now() + UNPLANNABLE_MS);
    }
  }
}
