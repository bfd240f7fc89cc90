import pg from 'pg';
import { vanishedHost } from './vanished-host';

/** A connection whose session holds advisory locks: they are free half a minute after its host has vanished. */
export const lockClient = ({
  url,
  applicationName,
}: {
  readonly url: string;
  readonly applicationName: string;
}): pg.Client =>
  new pg.Client({
    connectionString: url,
    application_name: applicationName,
    options: vanishedHost,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // Of asking for a lock and giving it back, which wait for nobody.
    query_timeout: 10_000,
  });
