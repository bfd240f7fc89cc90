import { inTransaction } from './connection';
import type { Db } from './connection';

export interface RepositoryStoreDeps<Repositories> {
  readonly db: Db;
  /** All that the service uses, on one pool or transaction. */
  readonly repositoriesOf: (db: Db) => Repositories;
}

/** Postgres as one service sees it. */
export class RepositoryStore<Repositories> {
  readonly repositories: Repositories;

  constructor(private readonly deps: RepositoryStoreDeps<Repositories>) {
    this.repositories = deps.repositoriesOf(deps.db);
  }

  /** All or nothing. No network call other than to Postgres belongs in `work`. */
  transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    const { db, repositoriesOf } = this.deps;
    return inTransaction(db, (trx) => work(repositoriesOf(trx)));
  }

  /** Reads only, all of one state of the tables. */
  snapshot<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    const { db, repositoriesOf } = this.deps;
    return db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => work(repositoriesOf(trx)));
  }
}
