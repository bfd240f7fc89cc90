import type { Db } from '@viw/database';
import { sql } from 'kysely';
import type { StoredResults } from '../../ledger/results-ledger';

/** Commands in the state in which the backend's relay leaves them. @param commands correlation id → agent */
export async function insertQueuedCommands(
  db: Db,
  commands: ReadonlyMap<string, string>,
  verb = 'list_containers',
): Promise<void> {
  await sql`
    INSERT INTO viw.agent_commands (correlation_id, agent_id, verb, parameters_redacted, jws, status, issued_by_kind,
      issued_by_id, issued_by_name, accepted_at, expires_at, timeout_s, queued_at)
    SELECT id, agent, ${verb}, '{}', 'x.y.z', 'queued', 'administrator', 'a-1', 'admin@example.org',
      now(), now() + interval '1 hour', 30, now()
    FROM unnest(${[...commands.keys()]}::uuid[], ${[...commands.values()]}::text[]) AS i (id, agent)`.execute(
    db,
  );
}

/** @param prefix of the agent ids that are looked at; empty for all */
export async function readStoredResults(db: Db, prefix = ''): Promise<StoredResults> {
  const commands = await sql<StoredResults['commands'][number]>`
    SELECT correlation_id, agent_id, status, dispatched_at IS NOT NULL AS dispatched,
      acknowledged_at IS NOT NULL AS acknowledged FROM viw.agent_commands
    WHERE starts_with(agent_id, ${prefix})`.execute(db);
  const results = await sql<StoredResults['results'][number]>`
    SELECT result_id, correlation_id, agent_id, status, stdout AS evidence, late
    FROM viw.agent_command_results WHERE starts_with(agent_id, ${prefix}) ORDER BY id`.execute(db);
  return { commands: commands.rows, results: results.rows };
}
