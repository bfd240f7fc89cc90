import {
  AlertIntakeRepository,
  AlertUpkeepRepository,
  CertificateFactsRepository,
  NotificationQueueRepository,
  inTransaction,
} from '@viw/database';
import type { Db } from '@viw/database';

const repositoriesOf = (db: Db) => ({
  alertIntake: new AlertIntakeRepository({ db }),
  alertUpkeep: new AlertUpkeepRepository({ db }),
  certificateFacts: new CertificateFactsRepository({ db }),
  queue: new NotificationQueueRepository({ db }),
});

/** Every repository, all on the pool or all in one transaction. */
export type Repositories = ReturnType<typeof repositoriesOf>;

/** Postgres as the notifier sees it. */
export class Store {
  readonly repositories: Repositories;

  constructor(private readonly deps: { db: Db }) {
    this.repositories = repositoriesOf(deps.db);
  }

  /** All or nothing. */
  transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return inTransaction(this.deps.db, (trx) => work(repositoriesOf(trx)));
  }
}
