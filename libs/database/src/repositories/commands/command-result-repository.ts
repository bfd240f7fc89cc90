import type { CommandResultsBody, CommandStatus, ResultSignature } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import type { CommandChange } from './command-record';
import { openStatuses, statusOfResult } from './command-record';
import type { RepositoryDeps } from '../repository';

/** A result as it is to be stored: stdout, stderr and error already redacted by the caller. */
export interface ResultEntry {
  /** Of the stream entry. */
  readonly event_id: string;
  readonly body: CommandResultsBody;
  /** Default: not looked at. */
  readonly signature?: ResultSignature;
  /** False: kept as evidence, ends nothing. Default true. */
  readonly believed?: boolean;
}

export interface ResultsApplied {
  /** Results stored now; the others were there. */
  readonly stored: number;
  /** Stored, but their command had ended before: evidence only. */
  readonly late: string[];
  /** Commands that ended. */
  readonly changes: CommandChange[];
}

/** Results: append-only evidence, and the end of their commands. */
export class CommandResultRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * One row per (agent, result id), however often it comes. The first result of an open command ends it; any other is
   * late. A result that is not believed, of another gateway than the command's, or of no command known, is kept and ends nothing.
   */
  async apply(batch: readonly ResultEntry[]): Promise<ResultsApplied> {
    if (batch.length === 0) return { stored: 0, late: [], changes: [] };
    const stored = await store(this.deps.db, batch);
    return {
      stored: stored.length,
      late: stored.filter(({ late }) => late).map(({ correlation_id }) => correlation_id),
      changes: stored.flatMap(({ correlation_id, agent_id, ended }) =>
        ended === null ? [] : [{ correlation_id, agent_id, status: ended }],
      ),
    };
  }
}

interface Stored {
  correlation_id: string;
  agent_id: string;
  late: boolean;
  /** What its command has become by it; null: nothing. */
  ended: CommandStatus | null;
}

const endOf = sql.join(
  Object.entries(statusOfResult).map(
    ([result, command]) => sql`WHEN ${sql.lit(result)} THEN ${sql.lit(command)}`,
  ),
  sql` `,
);

/**
 * Evidence and ends in one statement. The commands' rows are locked first and their states taken from the locked rows, so
 * that whether a result is late is decided on what was committed last, and cannot change before the commit.
 */
async function store(db: Db, batch: readonly ResultEntry[]): Promise<Stored[]> {
  const body = batch.map((entry) => entry.body);
  const result = body.map((entry) => entry.result);
  const { rows } = await sql<Stored>`
    WITH input AS (
      SELECT DISTINCT ON (agent_id, result_id) * FROM unnest(
        ${result.map((r) => r.agent_id)}::text[], ${result.map((r) => r.result_id)}::uuid[],
        ${batch.map((entry) => entry.event_id)}::uuid[], ${result.map((r) => r.correlation_id)}::uuid[],
        ${result.map((r) => r.verb)}::text[], ${result.map((r) => r.status)}::text[],
        ${result.map((r) => r.rc)}::int[], ${result.map((r) => r.stdout)}::text[],
        ${result.map((r) => r.stderr)}::text[], ${result.map((r) => r.truncated)}::boolean[],
        ${result.map((r) => r.duration_ms)}::float8[], ${result.map((r) => r.started_at)}::timestamptz[],
        ${result.map((r) => r.finished_at)}::timestamptz[], ${result.map((r) => r.error?.code ?? null)}::text[],
        ${result.map((r) => r.error?.msg ?? null)}::text[], ${result.map((r) => r.sig ?? null)}::text[],
        ${body.map((b) => b.hub)}::text[], ${body.map((b) => b.session_id)}::text[],
        ${body.map((b) => b.epoch)}::bigint[], ${body.map((b) => b.received_at)}::timestamptz[],
        ${batch.map((entry) => entry.signature ?? null)}::text[], ${batch.map((entry) => entry.believed ?? true)}::boolean[]
      ) WITH ORDINALITY AS i (agent_id, result_id, event_id, correlation_id, verb, status, rc, stdout, stderr,
        truncated, duration_ms, started_at, finished_at, error_code, error_msg, sig, hub, session_id, epoch, received_at,
        signature, believed, n)
      ORDER BY agent_id, result_id, n
    ), command AS MATERIALIZED (
      SELECT correlation_id, agent_id, status IN ${openStatuses} AS open FROM viw.agent_commands
      WHERE correlation_id IN (SELECT correlation_id FROM input) ORDER BY correlation_id FOR UPDATE
    ), fresh AS (
      -- Of several new results of one command the first counts.
      SELECT i.*, c.open,
        row_number() OVER (PARTITION BY i.correlation_id, i.agent_id, i.believed ORDER BY i.n) AS nth
      FROM input i LEFT JOIN command c USING (correlation_id, agent_id)
      WHERE NOT EXISTS (SELECT FROM viw.agent_command_results r
        WHERE r.agent_id = i.agent_id AND r.result_id = i.result_id)
    ), stored AS (
      INSERT INTO viw.agent_command_results AS r (agent_id, result_id, event_id, correlation_id, verb, status, rc, stdout,
        stderr, truncated, duration_ms, started_at, finished_at, error_code, error_msg, sig, hub, session_id, epoch,
        received_at, late, signature, believed)
      SELECT agent_id, result_id, event_id, correlation_id, verb, status, rc, stdout, stderr, truncated, duration_ms,
        started_at, finished_at, error_code, error_msg, sig, hub, session_id, epoch, received_at,
        open IS NOT NULL AND (NOT open OR (believed AND nth > 1)), signature, believed
      FROM fresh ORDER BY n
      ON CONFLICT (agent_id, result_id) DO NOTHING
      RETURNING agent_id, correlation_id, late, believed, received_at, CASE status ${endOf} END AS ends_as,
        left(nullif(concat_ws(': ', error_code, error_msg), ''), 500) AS reason
    ), ended AS (
      UPDATE viw.agent_commands c SET status = s.ends_as, reason = s.reason, finished_at = s.received_at
      FROM stored s JOIN command USING (correlation_id, agent_id)
      WHERE c.correlation_id = s.correlation_id AND command.open AND s.believed AND NOT s.late
      RETURNING c.correlation_id, c.agent_id, c.status
    )
    SELECT s.correlation_id, s.agent_id, s.late, e.status AS ended
    FROM stored s LEFT JOIN ended e ON e.correlation_id = s.correlation_id AND e.agent_id = s.agent_id
      AND s.believed AND NOT s.late`.execute(db);
  return rows;
}
