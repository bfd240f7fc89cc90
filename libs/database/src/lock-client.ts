import pg from 'pg';

/**
 * A connection whose session holds advisory locks. Postgres gives it up 25 s after its host has vanished without a word (by
 * default, after two hours), so that what it held is free then.
 */
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
    options: '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3',
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // Of asking for a lock and giving it back, which wait for nobody.
    query_timeout: 10_000,
  });
