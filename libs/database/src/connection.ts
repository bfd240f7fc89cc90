import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { PreparingClient } from './preparing-client';
import type { Database } from './schema';
import { withStartupOptions } from './startup-options';
import { typeParsers } from './type-parsers';
import { vanishedHost } from './vanished-host';

/** A database or a transaction of it; every repository takes either. */
export type Db = Kysely<Database>;

export interface DatabaseOptions {
  /** `postgresql://user:password@host:port/database` */
  readonly url: string;
  /** Connections at most; default 10. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** A statement that takes longer is cancelled (SQLSTATE 57014), waiting for locks included; default 30 000, 0 for none. */
  readonly statementTimeoutMs?: number;
  /**
   * A transaction that nobody goes on with for so long is given up by Postgres with its connection, and what it had locked is
   * free (SQLSTATE 25P03); default 10 000. A process that stands still can say nothing itself.
   */
  readonly idleInTransactionMs?: number;
  /** Waiting for a connection, new or from the pool; default 10 000. */
  readonly connectTimeoutMs?: number;
}

export interface DatabaseDeps {
  /** Told of connections that broke while nobody used them. The pool replaces them by itself. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Well below the time of a statement: who waits for a lock of a process that stands still gets it, instead of giving up. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/**
 * A lazy pool: nothing is connected before the first statement; `destroy()` closes it. Values out: int8 as number (an
 * unsafe one is an error, never rounded), timestamptz as ISO 8601 UTC text with milliseconds, date as text, jsonb parsed.
 * Tables are looked up in schema `viw`.
 */
export function createDatabase(options: DatabaseOptions, deps: DatabaseDeps = {}): Db {
  const onError = deps.onConnectionError ?? (() => undefined);
  const pool = new pg.Pool({
    Client: PreparingClient,
    max: options.max ?? 10,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS,
    ...withStartupOptions(options.url, vanishedHost),
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    types: typeParsers,
  });
  pool.on('error', onError);
  // A client in use has no listener of the pool's: without one of ours a broken connection would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }).withSchema('viw');
}

/** Resolves when Postgres answers; rejects otherwise. For readiness checks. */
export async function pingDatabase(db: Db): Promise<void> {
  await sql`SELECT 1`.execute(db);
}

/** Runs `work` in the transaction given, or in one of its own when `db` is none. Rolled back when `work` throws. */
export function inTransaction<T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
