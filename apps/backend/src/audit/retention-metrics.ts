import { Counter, Gauge, systemClock } from '@viw/runtime';
import type { Clock, Metrics } from '@viw/runtime';
import type { Repositories } from '../store';

export interface RetentionMetricsDeps {
  readonly audit: Pick<Repositories['audit'], 'oldestAt'>;
  readonly metrics: Metrics;
  readonly clock?: Clock;
}

export interface RetentionMetrics {
  readonly dropped: Counter;
  readonly refused: Gauge;
}

/** The age is asked for when the metrics are; without Postgres it says nothing. Every backend reports the same. */
export function retentionMetrics({
  audit,
  metrics,
  clock = systemClock,
}: RetentionMetricsDeps): RetentionMetrics {
  const registers = [metrics];
  new Gauge({
    name: 'viw_audit_oldest_line_seconds',
    help: 'Age of the oldest line of the audit log',
    registers,
    async collect() {
      const oldest = await audit.oldestAt().catch(() => undefined);
      this.reset();
      if (oldest !== undefined) this.set((clock.now() - Date.parse(oldest)) / 1_000);
    },
  });
  return {
    dropped: new Counter({
      name: 'viw_audit_lines_dropped_total',
      help: 'Lines of the audit log dropped after their retention',
      registers,
    }),
    refused: new Gauge({
      name: 'viw_audit_retention_refused',
      help: '1 while nothing is dropped because what is due does not verify, told by the process that drops',
      registers,
    }),
  };
}
