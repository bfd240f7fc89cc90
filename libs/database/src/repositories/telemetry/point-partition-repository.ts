import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** Daily partitions of `os_gateway_points`, made and dropped by functions that the telemetry writer's role may call. */
export class PointPartitionRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Today (UTC) and as many days after it, at most 31. The days that were made now. */
  async ensureAhead(daysAhead: number): Promise<string[]> {
    const today = Date.now();
    return this.ensureDays(
      Array.from({ length: daysAhead + 1 }, (_, i) =>
        new Date(today + i * 86_400_000).toISOString().slice(0, 10),
      ),
    );
  }

  /** `YYYY-MM-DD` of UTC days. The days that were made now. */
  async ensureDays(days: readonly string[]): Promise<string[]> {
    if (days.length === 0) return [];
    const { rows } = await sql<{ day: string }>`
      SELECT day FROM unnest(${[...days].sort()}::date[]) AS day WHERE viw.ensure_point_partition(day)`.execute(
      this.deps.db,
    );
    return rows.map((row) => row.day);
  }

  /** Drops what is older than today - `days` (UTC); names of the partitions dropped. */
  async dropOlderThan(days: number): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`
      SELECT viw.drop_point_partitions(${days}::int) AS name`.execute(this.deps.db);
    return rows.map((row) => row.name);
  }
}
