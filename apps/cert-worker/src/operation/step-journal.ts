import { certAlertsStream, certEventsStream, keptEntries, streams } from '@viw/contracts';
import type { AlertsBody, CertEventsBody, OperationStep } from '@viw/contracts';
import { isDataException } from '@viw/database';
import type { OperationWork, OperationWorkRepository } from '@viw/database';
import { boundedText, redactText } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { ChangeAnnouncer, StreamProducer } from '@viw/streams';
import type { Failure } from './failure';
import { operationAlerts } from './operation-alert';

export interface Step {
  readonly step: string;
  readonly status: OperationStep['status'];
  readonly virtual_host_id?: string;
  readonly detail?: string;
  readonly duration_ms?: number;
}

export interface StepJournalDeps {
  readonly operations: Pick<OperationWorkRepository, 'recordStep'>;
  readonly producer: Pick<StreamProducer, 'publish'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly logger: Logger;
}

/** Bounds of the contract. */
const MAX_STEP = 64;
const MAX_DETAIL = 2_000;
/** After that an event costs the live view only: its row is stored. */
const PUBLISH_MS = 5_000;

/** Row, event and announcement of every step of one operation, in this order and in the order of the reports. */
export class StepJournal {
  readonly #work: OperationWork;
  readonly #deps: StepJournalDeps;
  readonly #unsaved: (Step & { readonly at: string })[] = [];
  #saving: Promise<void> = Promise.resolve();

  constructor(work: OperationWork, deps: StepJournalDeps) {
    this.#work = work;
    this.#deps = deps;
  }

  /**
   * Never rejects: a step that cannot be stored must not undo a deployment. It is kept and stored with the next one;
   * `flush` tells when that did not help. One that can never be stored is lost, and the log tells of it.
   */
  async report({ step, detail, duration_ms, ...rest }: Step): Promise<void> {
    this.#unsaved.push({
      ...rest,
      step: boundedText(step, MAX_STEP),
      ...(detail !== undefined && { detail: boundedText(redactText(detail), MAX_DETAIL) }),
      ...(duration_ms !== undefined && { duration_ms }),
      at: new Date().toISOString(),
    });
    try {
      await this.flush();
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'step_not_stored', operation_id: this.#work.operation_id, step, error },
        'the step is stored later',
      );
    }
  }

  /** @throws what the database threw; AppError CONFLICT when the lease is lost */
  flush(): Promise<void> {
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#saveAll());
    return this.#saving;
  }

  /** After the operation's end has been committed. Told again after a crash, with the same event id. */
  finished(outcome: 'succeeded' | 'failed', error?: Failure): void {
    this.ended(outcome, error);
    for (const alert of operationAlerts(this.#work, outcome, error)) this.#alert(alert);
  }

  /** The same without an alert. */
  ended(outcome: 'succeeded' | 'failed', error?: Failure): void {
    const end = {
      event: 'finished',
      outcome,
      ...(error && { error }),
      at: new Date().toISOString(),
    } as const;
    this.#publish(end, this.#work.operation_id);
    this.changed();
  }

  /** The certificate looks different now. */
  changed(): void {
    const { operation_id, certificate_id } = this.#work;
    this.#deps.changes.announce([
      { kind: 'operation', id: operation_id, parent_id: certificate_id },
      { kind: 'certificate', id: certificate_id },
    ]);
  }

  async #saveAll(): Promise<void> {
    const { operation_id, certificate_id, fencing } = this.#work;
    for (let step = this.#unsaved[0]; step; step = this.#unsaved[0]) {
      try {
        await this.#deps.operations.recordStep(operation_id, fencing, step);
      } catch (error) {
        if (!isDataException(error)) throw error;
        this.#unsaved.shift();
        const facts = { event: 'step_dropped', operation_id, step: step.step, status: step.status, error };
        this.#deps.logger.error(facts, 'the step cannot be stored');
        continue;
      }
      this.#unsaved.shift();
      this.#publish({ event: 'step', ...step });
      this.#deps.changes.announce([{ kind: 'operation', id: operation_id, parent_id: certificate_id }]);
    }
  }

  #alert(alert: Omit<AlertsBody, 'at'>): void {
    const { operation_id, correlation_id } = this.#work;
    this.#deps.producer
      .publish(
        certAlertsStream,
        { ...alert, at: new Date().toISOString() },
        {
          timeoutMs: PUBLISH_MS,
          maxlen: keptEntries[streams.certAlerts],
          ...(correlation_id !== null && { correlationId: correlation_id }),
        },
      )
      .catch((error: unknown) => {
        this.#deps.logger.warn({ event: 'alert_not_published', operation_id, error }, 'alert lost');
      });
  }

  #publish(event: EventFacts, eventId?: string): void {
    const { operation_id, certificate_id, kind, correlation_id } = this.#work;
    this.#deps.producer
      .publish(
        certEventsStream,
        { ...event, operation_id, certificate_id, kind },
        {
          timeoutMs: PUBLISH_MS,
          maxlen: keptEntries[streams.certEvents],
          ...(eventId !== undefined && { eventId }),
          ...(correlation_id !== null && { correlationId: correlation_id }),
        },
      )
      .catch((error: unknown) => {
        this.#deps.logger.warn({ event: 'cert_event_not_published', operation_id, error }, 'event lost');
      });
  }
}

type Without<T> = T extends unknown ? Omit<T, 'operation_id' | 'certificate_id' | 'kind'> : never;
type EventFacts = Without<CertEventsBody>;
