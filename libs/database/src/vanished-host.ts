/**
 * Startup options of every connection: Postgres gives it up half a minute after its host has vanished without a word (by default, after two
 * hours), or after its process has stopped to take what is sent to it: a session that cannot get rid of its answer is ended by no other limit.
 * PostgreSQL documentation, "TCP Settings"; over a Unix socket they say nothing.
 */
export const vanishedHost =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000';
