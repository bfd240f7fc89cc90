import type { Operation, OperationStep } from '@viw/contracts';
import { instant } from '../format/times';

export interface FoldedStep {
  readonly step: string;
  readonly status: OperationStep['status'];
  readonly detail: string | null;
  readonly durationMs: number | null;
  readonly startedAt: number | undefined;
  readonly at: number | undefined;
}
export interface StepGroup {
  /** The virtual host deployed to; null: the issuance itself. */
  readonly target: string | null;
  readonly steps: readonly FoldedStep[];
}

/** One line per step and target, in order of first report; the newest report counts, its start is remembered. */
export const foldSteps = (steps: readonly OperationStep[]): StepGroup[] => {
  const groups = new Map<string | null, Map<string, FoldedStep>>();
  for (const report of steps) {
    const group = groups.get(report.virtual_host_id) ?? new Map<string, FoldedStep>();
    groups.set(report.virtual_host_id, group);
    const before = group.get(report.step);
    const at = instant(report.at);
    group.set(report.step, {
      step: report.step,
      status: report.status,
      detail: report.detail ?? before?.detail ?? null,
      durationMs: report.duration_ms,
      startedAt: report.status === 'started' ? at : before?.startedAt,
      at,
    });
  }
  return [...groups].map(([target, group]) => ({ target, steps: [...group.values()] }));
};

/** The step that is to be looked at first: what failed, else what is under way. */
export const headlineStep = (operation: Pick<Operation, 'status'>, groups: readonly StepGroup[]) => {
  const all = groups.flatMap((group) => group.steps.map((step) => ({ target: group.target, ...step })));
  return (
    all.find((step) => step.status === 'failed') ??
    (operation.status === 'running' ? all.findLast((step) => step.status === 'started') : undefined)
  );
};

/** "upload_files" → "Upload files" */
export const stepTitle = (step: string): string => {
  const words = step.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};
