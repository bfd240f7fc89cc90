import type { Migration } from './migration';

/**
 * Retention of what gateways did. As with points, the functions run with the owner's rights: a writer can delete what is
 * old, in bounded steps, and nothing else. The least number of days stands here, so that no setting goes below it.
 */
export const agentHistory: Migration = {
  name: '0058_agent_history',
  sql: `
-- For the functions of retention only, here and in later migrations. The instant before which things are old.
CREATE FUNCTION viw.retention_cutoff(keep_days int, least_days int, at_most int) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF keep_days IS NULL OR keep_days < least_days OR keep_days > 36500 THEN
    RAISE EXCEPTION 'at least % days are kept', least_days USING ERRCODE = '22023';
  END IF;
  IF at_most IS NULL OR at_most < 1 OR at_most > 10000 THEN
    RAISE EXCEPTION 'between 1 and 10000 at a time' USING ERRCODE = '22023';
  END IF;
  RETURN now() - make_interval(days => keep_days);
END $$;

CREATE INDEX agent_sessions_ended ON viw.agent_sessions (disconnected_at) WHERE disconnected_at IS NOT NULL;
CREATE INDEX agent_events_received ON viw.agent_events (received_at);

-- Oldest end first. Never the newest session of an agent: by it an entry that comes again is known to be an old one.
CREATE FUNCTION viw.forget_agent_sessions(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  old text[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT s.session_id AS id FROM viw.agent_sessions s
    WHERE s.disconnected_at < cutoff AND greatest(s.connected_at, s.last_heartbeat_at, s.disconnected_at) < cutoff
      AND EXISTS (SELECT FROM viw.agent_sessions n
        WHERE n.agent_id = s.agent_id AND (n.epoch, n.session_id) > (s.epoch, s.session_id))
    ORDER BY s.disconnected_at LIMIT at_most FOR UPDATE OF s SKIP LOCKED) o;
  DELETE FROM viw.agent_sessions WHERE session_id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

CREATE FUNCTION viw.forget_agent_events(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  gone int;
BEGIN
  WITH old AS MATERIALIZED (
    SELECT e.agent_id, e.event_id FROM viw.agent_events e WHERE e.received_at < cutoff
    ORDER BY e.received_at LIMIT at_most FOR UPDATE SKIP LOCKED)
  DELETE FROM viw.agent_events e USING old WHERE e.agent_id = old.agent_id AND e.event_id = old.event_id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION viw.retention_cutoff(int, int, int), viw.forget_agent_sessions(int, int),
  viw.forget_agent_events(int, int) FROM PUBLIC;
`,
};
