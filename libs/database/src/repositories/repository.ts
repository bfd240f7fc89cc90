import type { Db } from '../connection';

/** What every repository is made of: a database or a transaction. */
export interface RepositoryDeps {
  readonly db: Db;
}
