import { boundedText } from '@viw/runtime';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** A window of time and how many events fit into it. */
export interface Allowance {
  readonly limit: number;
  readonly seconds: number;
}

/** Steps are stored so long at most, as the worker's journal cuts them. */
const MAX_STEP = 64;
/** An operation that began within a window may have been accepted this much earlier, milliseconds. */
const ACCEPTED_BEFORE_MS = 86_400_000;

/**
 * What counts against the limits of a CA. Each answer is when the next event fits (ISO 8601), or undefined: now.
 * All times by the database's clock.
 */
export class IssuanceHistoryRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async ordersFreeAt({ limit, seconds }: Allowance): Promise<string | undefined> {
    return this.#freeAt(
      sql`SELECT started_at AS at FROM viw.certificate_operations
        WHERE id >= ${oldest(seconds)}::uuid AND order_state IS NOT NULL`,
      { limit, seconds },
    );
  }

  /** Certificates for exactly these names. */
  async duplicatesFreeAt(names: readonly string[], allowance: Allowance): Promise<string | undefined> {
    const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
    return this.#freeAt(
      sql`SELECT created_at AS at FROM viw.certificate_versions
        WHERE id >= ${oldest(allowance.seconds)}::uuid
          AND ARRAY(SELECT lower(n) FROM unnest(names) AS n ORDER BY lower(n) COLLATE "C") = ${sorted}::text[]`,
      allowance,
    );
  }

  async failedValidationsFreeAt(name: string, allowance: Allowance): Promise<string | undefined> {
    return this.#freeAt(
      sql`SELECT at FROM viw.certificate_operation_steps
        WHERE operation_id >= ${oldest(allowance.seconds)}::uuid AND status = 'failed'
          AND step = ${boundedText(`challenge ${name.toLowerCase()}`, MAX_STEP)}`,
      allowance,
    );
  }

  async #freeAt(events: ReturnType<typeof sql>, { limit, seconds }: Allowance): Promise<string | undefined> {
    const { rows } = await sql<{ free_at: string }>`
      SELECT e.at + make_interval(secs => ${seconds}) AS free_at FROM (${events}) AS e
      WHERE e.at > now() - make_interval(secs => ${seconds})
      ORDER BY e.at DESC OFFSET ${limit - 1} LIMIT 1`.execute(this.deps.db);
    return rows[0]?.free_at;
  }
}

/** Ids are UUIDv7: this is the smallest of what can matter, so that an index finds it. */
function oldest(seconds: number): string {
  const hex = (Date.now() - seconds * 1_000 - ACCEPTED_BEFORE_MS).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
