import pg from 'pg';
import { withStartupOptions } from './startup-options';
import { vanishedHost } from './vanished-host';

export interface LockClientOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Postgres ends the session when it has heard nothing for so long, milliseconds (PostgreSQL 14, idle_session_timeout); 0 for never. */
  readonly silenceMs?: number;
}

/** A connection whose session holds advisory locks: they are free half a minute after its host has vanished. */
export const lockClient = ({ url, applicationName, silenceMs = 0 }: LockClientOptions): pg.Client =>
  new pg.Client({
    application_name: applicationName,
    ...withStartupOptions(url, `${vanishedHost} -c idle_session_timeout=${silenceMs}`),
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // Of asking for a lock and giving it back, which wait for nobody.
    query_timeout: 10_000,
  });
