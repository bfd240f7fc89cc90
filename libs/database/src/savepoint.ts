import { sql } from 'kysely';
import type { Db } from './connection';

/** Work whose failure undoes only itself, inside the caller's transaction. One at a time: a transaction is one connection. */
export class Savepoint {
  constructor(private readonly deps: { readonly db: Db }) {}

  /** @throws what `work` throws, with nothing of it left and the transaction as usable as before */
  async around<T>(work: () => Promise<T>): Promise<T> {
    const { db } = this.deps;
    await sql`SAVEPOINT viw_attempt`.execute(db);
    try {
      const done = await work();
      await sql`RELEASE SAVEPOINT viw_attempt`.execute(db);
      return done;
    } catch (error) {
      await sql`ROLLBACK TO SAVEPOINT viw_attempt`.execute(db);
      throw error;
    }
  }
}
