import type { Migration } from './migration';

/**
 * Retention of commands and of what hosts answered. No service may delete a result; these functions, with the owner's
 * rights, delete what is old, and go by times that no hub and no host can have made up: the deadline that the backend
 * has signed, and when the database stored a result.
 */
export const commandHistory: Migration = {
  name: '0059_command_history',
  sql: `
CREATE INDEX agent_commands_ended ON viw.agent_commands (expires_at)
  WHERE status NOT IN ('accepted', 'queued', 'dispatched', 'acknowledged');
CREATE INDEX agent_command_results_stored ON viw.agent_command_results (stored_at);

-- Oldest deadline first. A command and all its results go together, once every one of them is old.
CREATE FUNCTION viw.forget_commands(keep_days int, at_most int, OUT commands int, OUT results int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  old uuid[];
BEGIN
  SELECT array_agg(o.correlation_id) INTO old FROM (
    SELECT c.correlation_id FROM viw.agent_commands c
    WHERE c.status NOT IN ('accepted', 'queued', 'dispatched', 'acknowledged') AND c.expires_at < cutoff
      AND NOT EXISTS (SELECT FROM viw.agent_command_results r
        WHERE r.correlation_id = c.correlation_id AND r.stored_at >= cutoff)
    ORDER BY c.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED) o;
  -- A result that was stored before the rows were locked. From here on whoever stores one waits for them.
  SELECT array_agg(o.command) INTO old FROM unnest(old) AS o (command) WHERE NOT EXISTS (
    SELECT FROM viw.agent_command_results r WHERE r.correlation_id = o.command AND r.stored_at >= cutoff);
  DELETE FROM viw.agent_command_results WHERE correlation_id = ANY (old);
  GET DIAGNOSTICS results = ROW_COUNT;
  DELETE FROM viw.agent_commands WHERE correlation_id = ANY (old);
  GET DIAGNOSTICS commands = ROW_COUNT;
END $$;

-- Evidence of commands that are not known, or not any more.
CREATE FUNCTION viw.forget_stray_results(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  old bigint[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT r.id FROM viw.agent_command_results r WHERE r.stored_at < cutoff
      AND NOT EXISTS (SELECT FROM viw.agent_commands c WHERE c.correlation_id = r.correlation_id)
    ORDER BY r.stored_at LIMIT at_most FOR UPDATE OF r SKIP LOCKED) o;
  DELETE FROM viw.agent_command_results WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION viw.forget_commands(int, int), viw.forget_stray_results(int, int) FROM PUBLIC;
`,
};
