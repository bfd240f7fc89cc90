import {
  AlertIntakeRepository,
  AlertUpkeepRepository,
  CertificateFactsRepository,
  NotificationQueueRepository,
  RepositoryStore,
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
export class Store extends RepositoryStore<Repositories> {
  constructor({ db }: { db: Db }) {
    super({ db, repositoriesOf });
  }
}
