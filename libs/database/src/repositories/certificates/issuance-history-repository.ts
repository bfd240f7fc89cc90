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
/** Of events that are looked at one by one. */
const MAX_COUNTED = 2_000;
/** An operation that began within a window may have been accepted this much earlier, milliseconds. */
const ACCEPTED_BEFORE_MS = 86_400_000;

/**
 * What counts against the limits of a CA. Each answer is when the next event fits (ISO 8601), or undefined: now.
 * All times by the database's clock.
 */
export class IssuanceHistoryRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** By one issuer. */
  async ordersFreeAt({ limit, seconds }: Allowance, issuer: string): Promise<string | undefined> {
    return this.#freeAt(
      sql`SELECT o.started_at AS at FROM viw.certificate_operations o JOIN viw.certificates c ON c.id = o.certificate_id
        WHERE o.id >= ${oldest(seconds)}::uuid AND o.order_state IS NOT NULL AND c.issuer = ${issuer}`,
      { limit, seconds },
    );
  }

  /** Certificates for exactly these names, by any of these issuers. */
  async duplicatesFreeAt(
    names: readonly string[],
    allowance: Allowance,
    issuers: readonly string[],
  ): Promise<string | undefined> {
    const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
    return this.#freeAt(
      sql`SELECT v.created_at AS at FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
        WHERE v.id >= ${oldest(allowance.seconds)}::uuid AND c.issuer = ANY(${[...issuers]}::text[])
          AND ARRAY(SELECT lower(n) FROM unnest(v.names) AS n ORDER BY lower(n) COLLATE "C") = ${sorted}::text[]`,
      allowance,
    );
  }

  async failedValidationsFreeAt(
    name: string,
    allowance: Allowance,
    issuer: string,
  ): Promise<string | undefined> {
    return this.#freeAt(
      sql`SELECT s.at FROM viw.certificate_operation_steps s
        JOIN viw.certificate_operations o ON o.id = s.operation_id JOIN viw.certificates c ON c.id = o.certificate_id
        WHERE s.operation_id >= ${oldest(allowance.seconds)}::uuid AND s.status = 'failed' AND c.issuer = ${issuer}
          AND s.step = ${boundedText(`challenge ${name.toLowerCase()}`, MAX_STEP)}`,
      allowance,
    );
  }

  /**
   * First versions of certificates, made within so many seconds by any of these issuers, that may count for this domain:
   * newest first, so many that no limit needs more. An IPv6 network gets those with any IPv6 address.
   */
  async newSetsOfNames(
    domain: string,
    seconds: number,
    issuers: readonly string[],
  ): Promise<{ at: string; names: string[] }[]> {
    const mayCount = domain.includes(':')
      ? sql`n LIKE '%:%'`
      : sql`(lower(n) = ${domain} OR right(lower(n), length(${domain}::text) + 1) = '.' || ${domain}::text)`;
    const { rows } = await sql<{ at: string; names: string[] }>`
      SELECT v.created_at AS at, v.names FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
      WHERE v.id >= ${oldest(seconds)}::uuid AND v.created_at > now() - make_interval(secs => ${seconds})
        AND c.issuer = ANY(${[...issuers]}::text[]) AND EXISTS (SELECT FROM unnest(v.names) AS n WHERE ${mayCount})
        AND NOT EXISTS (SELECT FROM viw.certificate_versions e WHERE e.certificate_id = v.certificate_id AND e.id < v.id)
      ORDER BY v.created_at DESC LIMIT ${MAX_COUNTED}`.execute(this.deps.db);
    return rows;
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
