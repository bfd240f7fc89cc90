import type { OperationKind, ServedOutcome } from '@viw/contracts';
import { Counter } from '@viw/runtime';
import type { AppError, Metrics } from '@viw/runtime';

/** What the worker counts. Label values are codes of ours or of RFC 8555, never names or addresses. */
export class WorkerMetrics {
  readonly #operations: Counter<'kind' | 'outcome'>;
  readonly #acmeErrors: Counter<'type'>;
  readonly #deployments: Counter<'outcome'>;
  readonly #rollbacks: Counter<'outcome'>;
  readonly #servedChecks: Counter<'outcome'>;
  readonly #planFailures: Counter<never>;

  constructor(registry: Metrics) {
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers: [registry] });
    this.#operations = counter('viw_cert_operations_total', 'Certificate operations ended', [
      'kind',
      'outcome',
    ]);
    this.#acmeErrors = counter('viw_acme_errors_total', 'Failures of issuance by ACME problem type', [
      'type',
    ]);
    this.#deployments = counter('viw_deployments_total', 'Deployments to one virtual host', ['outcome']);
    this.#servedChecks = counter('viw_served_checks_total', 'Looks whether what was proved is served still', [
      'outcome',
    ]);
    this.#planFailures = counter(
      'viw_renewal_plan_failures_total',
      'Certificate versions whose renewal could not be planned as usual',
      [],
    );
    this.#rollbacks = counter('viw_rollbacks_total', 'Deployments put back, and those where that failed', [
      'outcome',
    ]);
  }

  operationEnded(kind: OperationKind, outcome: 'succeeded' | 'failed'): void {
    this.#operations.inc({ kind, outcome });
  }

  issuanceFailed({ code, meta }: AppError): void {
    const type = meta['problem_type'];
    this.#acmeErrors.inc({ type: typeof type === 'string' && /^[A-Za-z]{1,40}$/.test(type) ? type : code });
  }

  planFailed(): void {
    this.#planFailures.inc();
  }

  servedChecked(outcome: ServedOutcome): void {
    this.#servedChecks.inc({ outcome });
  }

  deployed(): void {
    this.#deployments.inc({ outcome: 'succeeded' });
  }

  deploymentFailed({ code, meta }: AppError): void {
    this.#deployments.inc({ outcome: code });
    const { rollback } = meta;
    if (rollback === 'done' || rollback === 'failed') this.#rollbacks.inc({ outcome: rollback });
  }
}
