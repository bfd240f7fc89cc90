/**
 * Startup options of every connection: Postgres gives it up 25 s after its host has vanished without a word (by default, after two hours),
 * and 30 s after its process has stopped to take what is sent to it, a SELECT of many rows for example: no other limit ends a session that
 * cannot get rid of its answer. PostgreSQL documentation, "TCP Settings"; over a Unix socket they say nothing.
 */
export const vanishedHost =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000';
