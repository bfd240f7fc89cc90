import type { Component, Logger, Metrics } from '@viw/runtime';
import { Counter } from '@viw/runtime';
import type { ElectedTaskOptions } from './elected-task';
import { ElectedTask } from './elected-task';

/** How many went, by table (or by what else it is); a step that reaches the limit is followed by another. */
export type Swept = Readonly<Record<string, number>>;

/** One bounded step, the oldest first, by the database's clock, in one transaction. MUST be harmless when two processes do it at once. */
export type SweepStep = (limit: number) => Promise<Swept>;

export interface HistorySweepOptions extends Pick<
  ElectedTaskOptions,
  'databaseUrl' | 'applicationName' | 'key'
> {
  /** From the end of one turn to the next, milliseconds; default an hour. */
  readonly everyMs?: number;
  /** Of one step; default 500. */
  readonly limit?: number;
}

export interface HistorySweepDeps {
  /** In their order; each until nothing old is left. One that fails holds no other up. */
  readonly steps: readonly SweepStep[];
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const HOUR_MS = 3_600_000;

/** Deletes a service's history past its retention: in one process of all, hourly, the first time at the start. */
export function historySweep(
  { everyMs = HOUR_MS, limit = 500, ...at }: HistorySweepOptions,
  { steps, metrics, logger }: HistorySweepDeps,
): Component {
  const deleted = new Counter({
    name: 'viw_history_deleted_total',
    help: 'What was deleted because its retention was over, by table',
    labelNames: ['what'],
    registers: [metrics],
  });
  return new ElectedTask(
    {
      ...at,
      name: 'history-sweep',
      everyMs,
      standbyMs: Math.min(everyMs, 60_000),
      backoff: { baseMs: Math.min(everyMs, 10_000), capMs: Math.min(everyMs, 600_000) },
      failureEvent: 'history_sweep_failed',
    },
    {
      run: async (end) => {
        const failures: unknown[] = [];
        const gone = new Map<string, number>();
        for (const step of steps)
          await untilNothingIsOld(step, {
            limit,
            end,
            count: (what, n) => {
              gone.set(what, (gone.get(what) ?? 0) + n);
              deleted.inc({ what }, n);
            },
          }).catch((error: unknown) => {
            failures.push(error);
            // Only the first of a turn is thrown, and only the first turn that fails is told.
            logger.warn(
              { event: 'history_step_failed', error },
              'a step of retention failed, tried again in the next turn',
            );
          });
        if (gone.size > 0)
          logger.info({ event: 'history_swept', deleted: Object.fromEntries(gone) }, 'old history deleted');
        if (failures.length > 0) throw failures[0];
      },
      logger,
    },
  );
}

interface Turn {
  readonly limit: number;
  readonly end: AbortSignal;
  readonly count: (what: string, n: number) => void;
}

async function untilNothingIsOld(step: SweepStep, { limit, end, count }: Turn): Promise<void> {
  while (!end.aborted) {
    const swept = await step(limit);
    for (const [what, n] of Object.entries(swept)) if (n > 0) count(what, n);
    if (Object.values(swept).every((n) => n < limit)) return;
  }
}
