import type { RenewalScheduleRepository } from '@viw/database';
import type { Logger } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import type { CertificateAlerts } from './certificate-alerts';
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
  readonly planner: Pick<VersionPlanner, 'plan'>;
  readonly alerts: Pick<CertificateAlerts, 'tell'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly logger: Logger;
}

const TEN_MINUTES_S = 600;
/** Of one turn: a fleet that is new is planned within minutes, and a CA is not asked in a burst. */
const PLANS_PER_TURN = 100;
const DUE_PER_TURN = 100;
/** A CA that answers slowly holds up what is due for no longer. */
const PLANNING_MS = 10_000;

/**
 * Begins what is due: renewals by their stored plan and repeated attempts by their stored time. It only writes operations
 * down, as an accepted request would be; workers do them. Of all cert-workers one at a time is to do it.
 */
export class CertificateScheduler {
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

  /** A CA that is silent once is not asked again in this turn: plans are made without it. */
  async #planVersions(signal: AbortSignal): Promise<void> {
    const { schedule, planner, changes } = this.deps;
    const deadline = performance.now() + PLANNING_MS;
    let ask = true;
    for (const version of await schedule.unplanned(PLANS_PER_TURN)) {
      if (signal.aborted || performance.now() > deadline) return;
      try {
        const { plan, silent } = await planner.plan(version, { ask, signal });
        if (silent) ask = false;
        await schedule.savePlan(plan);
        if (version.plan?.due_at !== plan.due_at)
          changes.announce([{ kind: 'certificate', id: plan.certificate_id }]);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    }
  }
}
