import type { PointPartitionRepository } from '@viw/database';
import type { Logger } from '@viw/runtime';
import { PeriodicTask } from '@viw/runtime';

const DAYS_AHEAD = 3;

export interface PartitionUpkeepDeps {
  readonly partitions: PointPartitionRepository;
  readonly logger: Logger;
}

/** Makes the partitions of the coming days ahead of time and drops those past retention, hourly. */
export const partitionUpkeep = (
  { retentionDays }: { readonly retentionDays: number },
  { partitions, logger }: PartitionUpkeepDeps,
): PeriodicTask =>
  new PeriodicTask(
    {
      name: 'partition-upkeep',
      everyMs: 3_600_000,
      retryMs: 10_000,
      failureEvent: 'partition_upkeep_failed',
    },
    {
      async run() {
        const made = await partitions.ensureAhead(DAYS_AHEAD);
        const dropped = await partitions.dropOlderThan(retentionDays);
        if (made.length + dropped.length > 0)
          logger.info({ event: 'partitions_tended', made, dropped }, 'partitions tended');
      },
      logger,
    },
  );
