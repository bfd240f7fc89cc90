import { sql } from 'kysely';
import type { Scoped } from '../access/scope-conditions';
import { certificateInScope } from '../access/scope-conditions';
import type { RepositoryDeps } from '../repository';

/** A certificate in service and what is planned for it. */
export interface ScheduledCertificate {
  id: string;
  names: string[];
  not_before: string;
  not_after: string;
  /** Of the plan of its version; null: not planned yet. */
  due_at: string | null;
  jitter: number | null;
  /** The attempt after a failure to issue or renew. */
  failed: { retry_at: string | null } | null;
}

export interface RenewalDurations {
  operations: number;
  p50_s: number;
  p95_s: number;
}

/** The stored schedule as a whole. */
export class FleetRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Of those in service the ones that end first; `names`: the first three. */
  async scheduled({
    scope,
    limit,
  }: Scoped & { readonly limit: number }): Promise<{ certificates: ScheduledCertificate[]; total: number }> {
    const inService = sql`FROM viw.certificates c JOIN viw.certificate_versions v ON v.id = c.current_version_id
      WHERE c.in_service AND ${certificateInScope(scope)}`;
    const { rows } = await sql<ScheduledCertificate>`
      SELECT s.*, p.due_at, p.jitter,
        CASE WHEN f.certificate_id IS NOT NULL THEN
          jsonb_build_object('retry_at', to_char(f.retry_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END AS failed
      FROM (SELECT c.id, c.names[1:3] AS names, v.id AS version_id, v.not_before, v.not_after ${inService}
        ORDER BY v.not_after, c.id LIMIT ${limit}) AS s
      LEFT JOIN viw.renewal_plans p ON p.certificate_id = s.id AND p.version_id = s.version_id
      LEFT JOIN viw.certificate_failures f ON f.certificate_id = s.id AND f.next_kind IN ('issue', 'renew')
      ORDER BY s.not_after, s.id`.execute(this.deps.db);
    const certificates = rows.map(({ id, names, not_before, not_after, due_at, jitter, failed }) => ({
      ...{ id, names, not_before, not_after },
      ...{ due_at, jitter, failed },
    }));
    if (certificates.length < limit) return { certificates, total: certificates.length };
    const counted = await sql<{ n: number }>`SELECT count(*) AS n ${inService}`.execute(this.deps.db);
    return { certificates, total: counted.rows[0]?.n ?? certificates.length };
  }

  /** Of the last 1,000 issuances and renewals in 30 days that succeeded. Null: there are none. */
  async durations(): Promise<RenewalDurations | null> {
    const { rows } = await sql<RenewalDurations & { p50_s: number | null }>`
      SELECT count(*) AS operations,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50_s,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_s
      FROM (SELECT extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM viw.certificate_operations
        WHERE kind IN ('issue', 'renew') AND status = 'succeeded' AND started_at IS NOT NULL
          AND finished_at > now() - interval '30 days' ORDER BY id DESC LIMIT 1000) AS o`.execute(
      this.deps.db,
    );
    const [found] = rows;
    return found && found.operations > 0 ? found : null;
  }
}
