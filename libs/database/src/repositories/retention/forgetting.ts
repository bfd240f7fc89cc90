import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** One bounded step of a retention: at most so many things, the oldest first. */
export interface Forgetting {
  /** Days for which things are kept, by the database's clock. @throws when that is less than the schema allows */
  readonly keepDays: number;
  /** 1 to 10,000. */
  readonly limit: number;
}

/** @param name one of the functions of migrations 0058 to 0060 @returns how many there were to delete */
export async function forget(
  { db }: RepositoryDeps,
  name: string,
  { keepDays, limit }: Forgetting,
): Promise<number> {
  const { rows } = await sql<{ gone: number }>`
    SELECT ${sql.id('viw', name)}(${keepDays}::int, ${limit}::int) AS gone`.execute(db);
  return rows[0]?.gone ?? 0;
}
