import { randomBytes } from 'node:crypto';
import { isChallengeWait } from '@viw/acme';
import type {
  NextAttempt,
  OperationRepository,
  OperationWork,
  OperationWorkRepository,
  OrderKeyRepository,
} from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { WorkerMetrics } from '../worker-metrics';
import { afterFailure } from './after-failure';
import { failureOf, isPassing } from './failure';
import type { Failure } from './failure';
import { Lease } from './lease';
import { StepJournal } from './step-journal';
import type { StepJournalDeps } from './step-journal';

/** What is done for one claimed operation; returns when it is done and proved. */
export type Performance = (work: OperationWork, journal: StepJournal, signal: AbortSignal) => Promise<void>;

/** `ended`: nothing is left to do now, by this worker or another. Otherwise ask again after so many milliseconds. */
export type RunOutcome = 'ended' | { readonly retryAfterMs: number };

export interface OperationRunnerOptions {
  /** Shown as the holder of leases. */
  readonly consumer: string;
  /** A dead worker's operation is free after this long; default 15. */
  readonly leaseSeconds?: number;
}

export interface OperationRunnerDeps {
  readonly perform: Performance;
  readonly operations: OperationWorkRepository;
  readonly history: Pick<OperationRepository, 'get'>;
  readonly orderKeys: Pick<OrderKeyRepository, 'deleteSettled'>;
  readonly journal: Omit<StepJournalDeps, 'operations' | 'logger'>;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** How often a lease of somebody else is looked at again: it may be given back early. */
const BUSY_MS = 1_000;

/**
 * Brings operations to their end, each by one worker at a time: lease in Postgres, renewed while the work goes on, and
 * a fencing token that every save is checked against. MUST be safe for concurrent use.
 */
export class OperationRunner {
  /** Another one after every start: only its expiry frees a lease, since a process of the same name may still live. */
  readonly #owner: string;
  readonly #leaseSeconds: number;
  readonly #deps: OperationRunnerDeps;

  constructor({ consumer, leaseSeconds = 15 }: OperationRunnerOptions, deps: OperationRunnerDeps) {
    this.#owner = `${consumer}:${randomBytes(4).toString('hex')}`;
    this.#leaseSeconds = leaseSeconds;
    this.#deps = deps;
  }

  /**
   * @param again the request was handed out before: what follows its end is done once more in case that was cut off
   * @throws what the database threw when the operation could not even be claimed
   */
  async run(
    operationId: string,
    { signal, again = false }: { signal: AbortSignal; again?: boolean },
  ): Promise<RunOutcome> {
    const { operations } = this.#deps;
    signal.throwIfAborted();
    const claim = await operations.claim(operationId, this.#owner, this.#leaseSeconds);
    if (claim.outcome === 'waits') return { retryAfterMs: claim.retry_after_ms };
    if (claim.outcome === 'busy') return { retryAfterMs: Math.min(BUSY_MS, claim.retry_after_ms + 50) };
    if (claim.outcome === 'finished') {
      if (again) {
        await this.#deps.orderKeys.deleteSettled(operationId);
        await this.#tellEndAgain(operationId);
      }
      return 'ended';
    }
    if (claim.outcome === 'halted') {
      const { certificate_id, kind, error } = claim;
      const known = {
        operation_id: operationId,
        certificate_id,
        kind,
        correlation_id: null,
      } as OperationWork;
      // People are told of the failure that halted it.
      this.#journalOf(known, this.#deps.logger).ended('failed', error);
      this.#deps.metrics.operationEnded(kind, 'failed');
      return 'ended';
    }
    return this.#runClaimed(claim.work, signal);
  }

  async #runClaimed(work: OperationWork, outer: AbortSignal): Promise<RunOutcome> {
    const { operations } = this.#deps;
    const { operation_id: operationId, fencing, kind } = work;
    const logger = this.#deps.logger.child({
      operation_id: operationId,
      certificate_id: work.certificate_id,
      kind,
      ...(work.correlation_id !== null && { correlation_id: work.correlation_id }),
    });
    const journal = this.#journalOf(work, logger);
    const lease = new Lease(
      { operationId, fencing, leaseSeconds: this.#leaseSeconds, outer },
      { operations, logger },
    );
    const begin = performance.now();
    lease.start();
    logger.info({ event: 'operation_started', attempt: work.attempts }, 'operation taken up');
    try {
      journal.changed();
      const { failure, next } = await this.#perform(work, journal, lease.signal, logger);
      const outcome = failure ? 'failed' : 'succeeded';
      await journal.flush();
      await operations.finish(operationId, fencing, outcome, failure && { ...failure, next });
      await this.#deps.orderKeys.deleteSettled(operationId);
      journal.finished(outcome, failure);
      this.#deps.metrics.operationEnded(kind, outcome);
      logger.info(
        {
          event: 'operation_ended',
          outcome,
          error: failure,
          ...(next && { next_attempt_at: next.retry_at }),
          duration_ms: Math.round(performance.now() - begin),
        },
        'operation ended',
      );
      return 'ended';
    } catch (error) {
      await operations.release(operationId, fencing).catch((failed: unknown) => {
        logger.warn({ event: 'lease_not_released', error: failed }, 'the lease ends by itself');
      });
      if (!isChallengeWait(error)) throw error;
      // In Postgres and in nobody's hands: the reconciler asks for it again when there is nothing to wait for.
      logger.info({ event: 'operation_waits', attempt: work.attempts }, 'operation waits for somebody');
      journal.changed();
      return 'ended';
    } finally {
      lease.stop();
    }
  }

  /** @returns why it failed, and what comes next. @throws what passes */
  async #perform(
    work: OperationWork,
    journal: StepJournal,
    signal: AbortSignal,
    logger: Logger,
  ): Promise<{ failure: Failure; next: NextAttempt } | { failure?: undefined; next?: undefined }> {
    try {
      await this.#deps.perform(work, journal, signal);
      return {};
    } catch (error) {
      if (isPassing(error) || isChallengeWait(error)) throw error;
      if (!(error instanceof AppError))
        logger.error({ event: 'operation_broke', error }, 'the operation met a fault of ours');
      return { failure: failureOf(error), next: afterFailure(error, work, new Date(), Math.random()) };
    }
  }

  async #tellEndAgain(operationId: string): Promise<void> {
    const operation = await this.#deps.history.get(operationId);
    if (operation?.status !== 'succeeded' && operation?.status !== 'failed') return;
    const { certificate_id, kind, status, error, started_at } = operation;
    const known = { operation_id: operationId, certificate_id, kind, correlation_id: null } as OperationWork;
    const journal = this.#journalOf(known, this.#deps.logger);
    // One that was halted before it began: people are told of the failure that halted it.
    if (started_at === null) journal.ended(status, error ?? undefined);
    else journal.finished(status, error ?? undefined);
  }

  #journalOf(work: OperationWork, logger: Logger): StepJournal {
    return new StepJournal(work, { ...this.#deps.journal, operations: this.#deps.operations, logger });
  }
}
