import type { AlertTransition } from '@viw/database';
import type { Counter } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import { alertNotice } from '../notify/alert-notice';
import { enqueueNotices } from '../notify/enqueue-notices';
import type { Repositories, Store } from '../store';

export interface AlertChangesDeps {
  readonly store: Pick<Store, 'transaction'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly transitions: Counter<'change'>;
}

/** The one way in which alerts change here: with the notifications about it in one transaction, announced after its commit. */
export class AlertChanges {
  constructor(private readonly deps: AlertChangesDeps) {}

  /** @returns what has changed @throws what Postgres threw: then nothing has */
  async make(
    work: (repositories: Repositories) => Promise<readonly AlertTransition[]>,
  ): Promise<readonly AlertTransition[]> {
    const { store, changes, transitions } = this.deps;
    const made = await store.transaction(async (repositories) => {
      const changed = await work(repositories);
      await enqueueNotices(
        repositories,
        changed.flatMap((transition) => alertNotice(transition) ?? []),
      );
      return changed;
    });
    for (const { change } of made) transitions.inc({ change });
    changes.announce([...new Set(made.map(({ alert }) => alert.id))].map((id) => ({ kind: 'alert', id })));
    return made;
  }
}
