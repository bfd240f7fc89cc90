import { consumerAliveKey, groups, streams } from '@viw/contracts';
import { sql } from 'kysely';
import type { CertWorld } from './world';

/** For a person, when an operation is not overtaken: leases, who waits for whom in Postgres, whose entries are pending. */
export async function whatStandsStill({ db, auditor }: Pick<CertWorld, 'db' | 'auditor'>): Promise<string[]> {
  const leases = await sql<{ line: string }>`
    SELECT concat_ws(' ', 'operation', id, status, lease_owner, 'fencing', fencing, 'lease ends in', lease_until - clock_timestamp()) AS line
    FROM viw.certificate_operations WHERE status IN ('accepted', 'running')`.execute(db);
  const sessions = await sql<{ line: string }>`
    SELECT concat_ws(' ', 'session', pid, application_name, state, 'for', clock_timestamp() - state_change, 'behind',
      pg_blocking_pids(pid)::text, regexp_replace(left(query, 120), '\\s+', ' ', 'g')) AS line
    FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`.execute(
    db,
  );
  const stream = streams.certRequests;
  const group = groups.certWorker;
  const pending = (await auditor.xpending(stream, group, '-', '+', 100)) as [
    string,
    string,
    number,
    number,
  ][];
  const entries = await Promise.all(
    pending.map(async ([id, consumer, idleMs, deliveries]) => {
      const alive = await auditor.exists(consumerAliveKey(stream, group, consumer));
      return `entry ${id} of ${consumer} (${alive ? 'alive' : 'gone'}), idle ${idleMs} ms, delivered ${deliveries} times`;
    }),
  );
  return [...[...leases.rows, ...sessions.rows].map(({ line }) => line), ...entries];
}
