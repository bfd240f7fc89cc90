import type { Authorities } from '@viw/acme';
import type { ManualRecordRepository } from '@viw/database';
import type { ChangeAnnouncer } from '@viw/streams';
import { isShown } from './manual-solver';

export interface ManualWatchDeps {
  readonly records: Pick<ManualRecordRepository, 'allWaiting' | 'markShown'>;
  readonly authorities: Pick<Authorities, 'txtEverywhere'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
}

/** In one look; the others have their turn in the next ones, since what was looked at longest ago comes first. */
const AT_ONCE = 20;

/** Looks whether records that people are to set have appeared; the reconciler then brings their operation back. */
export class ManualWatch {
  constructor(private readonly deps: ManualWatchDeps) {}

  async run(): Promise<void> {
    const { records, authorities, changes } = this.deps;
    const waiting = await records.allWaiting(AT_ONCE);
    await Promise.all(
      waiting.map(async ({ operation_id: id, certificate_id: parent_id, ...record }) => {
        if (!(await isShown(authorities, record))) return;
        await records.markShown(id, record);
        changes.announce([{ kind: 'operation', id, parent_id }]);
      }),
    );
  }
}
