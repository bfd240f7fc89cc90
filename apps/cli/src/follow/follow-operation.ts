import type { Operation, OperationStep } from '@viw/contracts';
import { exitStatus, type ExitStatus } from '../exit-status';
import type { Invocation } from '../invocation';
import type { Reporter } from '../terminal/reporter';
import { operationText } from '../commands/operation-text';
import { follow } from './follow';
import type { WaitOptions } from './wait-options';

/** Of work that was accepted: where it is, or with `--wait` what came of it. */
export async function answerOperation(
  invocation: Invocation,
  accepted: { readonly certificate_id: string; readonly operation_id: string },
  { wait = false, timeout }: WaitOptions,
): Promise<ExitStatus> {
  const { report } = invocation;
  const id = accepted.operation_id;
  if (wait) {
    report.note(`operation ${id}`);
    return answerWhenEnded(invocation, id, timeout);
  }
  report.answer(accepted, () => `certificate ${accepted.certificate_id}\noperation   ${id}`);
  report.note(`Accepted. What becomes of it: viw certs operation ${id} --wait`);
  return exitStatus.ok;
}

export async function answerWhenEnded(
  { client, report }: Invocation,
  id: string,
  timeoutS: number | undefined,
): Promise<ExitStatus> {
  const progress = new OperationProgress(id, report);
  const operation = await follow(
    { later: `viw certs operation ${id} --wait`, timeoutS },
    report,
    () => client.operations.get(id),
    (found) => {
      progress.tell(found);
      return { ended: hasEnded(found) };
    },
  );
  report.answer(operation, () => operationText(operation));
  return operation.status === 'succeeded' ? exitStatus.ok : exitStatus.failed;
}

const hasEnded = ({ status }: Operation): boolean => status === 'succeeded' || status === 'failed';

/** Says of an operation what it has not said yet. */
class OperationProgress {
  #told = 0;
  #percent: number | undefined;
  readonly #records = new Set<string>();

  constructor(
    private readonly id: string,
    private readonly report: Reporter,
  ) {}

  tell({ steps, rollout, manual_records }: Operation): void {
    for (const step of steps.slice(this.#told)) this.report.note(stepText(step));
    this.#told = steps.length;
    if (rollout !== null && rollout.percent !== this.#percent) {
      const { done, total, failed, percent } = rollout;
      this.report.note(
        `servers: ${done} of ${total} (${percent} %)${failed > 0 ? `, ${failed} failed` : ''}`,
      );
      this.#percent = percent;
    }
    for (const { record, value, state } of manual_records) {
      if (state !== 'waiting' || this.#records.has(value)) continue;
      this.#records.add(value);
      this.report.note(
        `set this record: ${record} TXT ${value}\n  and when it is set: viw certs confirm-records ${this.id}`,
      );
    }
  }
}

const stepText = ({ step, status, detail }: OperationStep): string =>
  `${step}: ${status}${detail === null ? '' : `, ${detail}`}`;
