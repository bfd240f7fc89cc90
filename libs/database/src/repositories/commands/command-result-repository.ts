import type { CommandResultsBody, CommandStatus, ResultSignature } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
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
    return inTransaction(this.deps.db, async (trx) => {
      const ids = [...new Set(batch.map(({ body }) => body.result.correlation_id))];
      // Held until the commit: whether a result is late cannot change between the two statements below.
      await sql`SELECT 1 FROM viw.agent_commands WHERE correlation_id = ANY (${ids}::uuid[])
        ORDER BY correlation_id FOR UPDATE`.execute(trx);
      const stored = await append(trx, batch);
      const changes = await end(
        trx,
        stored.filter((row) => row.ends),
      );
      return {
        stored: stored.length,
        late: stored.filter((row) => row.late).map((row) => row.correlation_id),
        changes,
      };
    });
  }
}

interface Stored {
  correlation_id: string;
  status: keyof typeof statusOfResult;
  reason: string | null;
  received_at: string;
  late: boolean;
  believed: boolean;
  ends: boolean;
}

async function append(db: Db, batch: readonly ResultEntry[]): Promise<Stored[]> {
  const body = batch.map((entry) => entry.body);
  const result = body.map((entry) => entry.result);
  const { rows } = await sql<Omit<Stored, 'ends'> & { known: boolean }>`
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
    ), fresh AS (
      -- Of several new results of one command the first counts.
      SELECT i.*, c.status IN ${openStatuses} AS open,
        row_number() OVER (PARTITION BY i.correlation_id, i.agent_id, i.believed ORDER BY i.n) AS nth
      FROM input i LEFT JOIN viw.agent_commands c USING (correlation_id, agent_id)
      WHERE NOT EXISTS (SELECT FROM viw.agent_command_results r
        WHERE r.agent_id = i.agent_id AND r.result_id = i.result_id)
    )
    INSERT INTO viw.agent_command_results (agent_id, result_id, event_id, correlation_id, verb, status, rc, stdout,
      stderr, truncated, duration_ms, started_at, finished_at, error_code, error_msg, sig, hub, session_id, epoch,
      received_at, late, signature, believed)
    SELECT agent_id, result_id, event_id, correlation_id, verb, status, rc, stdout, stderr, truncated, duration_ms,
      started_at, finished_at, error_code, error_msg, sig, hub, session_id, epoch, received_at,
      open IS NOT NULL AND (NOT open OR (believed AND nth > 1)), signature, believed
    FROM fresh ORDER BY n
    ON CONFLICT (agent_id, result_id) DO NOTHING
    RETURNING correlation_id, status, received_at, late, believed,
      left(nullif(concat_ws(': ', error_code, error_msg), ''), 500) AS reason,
      EXISTS (SELECT FROM viw.agent_commands c WHERE c.correlation_id = agent_command_results.correlation_id
        AND c.agent_id = agent_command_results.agent_id) AS known`.execute(db);
  return rows.map(({ known, ...row }) => ({ ...row, ends: known && row.believed && !row.late }));
}

async function end(db: Db, results: readonly Stored[]): Promise<CommandChange[]> {
  if (results.length === 0) return [];
  const statuses: CommandStatus[] = results.map((row) => statusOfResult[row.status]);
  const { rows } = await sql<CommandChange>`
    UPDATE viw.agent_commands c SET status = i.status, reason = i.reason, finished_at = i.at
    FROM unnest(${results.map((r) => r.correlation_id)}::uuid[], ${statuses}::text[],
      ${results.map((r) => r.reason)}::text[], ${results.map((r) => r.received_at)}::timestamptz[]
    ) AS i (correlation_id, status, reason, at)
    WHERE c.correlation_id = i.correlation_id AND c.status IN ${openStatuses}
    RETURNING c.correlation_id, c.agent_id, c.status`.execute(db);
  return rows;
}
