import type { Migration } from './migration';

/**
 * Retention goes by when the database stored what it deletes, never by a time that a hub, a host or a cert-worker reports: who is
 * stolen could have traces deleted at once, or kept for ever. For what is there already, the days begin with this migration.
 */
export const storedHistory: Migration = {
  name: '0068_stored_history',
  sql: `
-- No service has a right to write it. Sessions: when the end was learned, or that it was heard of after an end that was only concluded.
-- Deployments: when it was proved or, if later, when something else took its place.
ALTER TABLE viw.agent_sessions ADD COLUMN stored_at timestamptz(3) NOT NULL DEFAULT now();
ALTER TABLE viw.agent_events ADD COLUMN stored_at timestamptz(3) NOT NULL DEFAULT now();
ALTER TABLE viw.deployments ADD COLUMN stored_at timestamptz(3) NOT NULL DEFAULT now();

CREATE FUNCTION viw.stamp_stored_at() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.stored_at := clock_timestamp();
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION viw.stamp_stored_at() FROM PUBLIC;
-- Not with heartbeats of open sessions: they change no column that an index has.
CREATE TRIGGER stamp_stored_at BEFORE UPDATE OF disconnected_at, last_heartbeat_at ON viw.agent_sessions FOR EACH ROW
  WHEN ((OLD.disconnected_at IS NOT NULL OR NEW.disconnected_at IS NOT NULL)
    AND (OLD.disconnected_at IS DISTINCT FROM NEW.disconnected_at
      OR (NEW.reason IS NULL AND OLD.last_heartbeat_at IS DISTINCT FROM NEW.last_heartbeat_at)))
  EXECUTE FUNCTION viw.stamp_stored_at();
CREATE TRIGGER stamp_stored_at BEFORE UPDATE OF is_current ON viw.deployments FOR EACH ROW
  WHEN (OLD.is_current IS DISTINCT FROM NEW.is_current) EXECUTE FUNCTION viw.stamp_stored_at();

DROP INDEX viw.agent_sessions_ended, viw.agent_events_received, viw.deployments_former;
CREATE INDEX agent_sessions_ended ON viw.agent_sessions (stored_at) WHERE disconnected_at IS NOT NULL;
CREATE INDEX agent_events_stored ON viw.agent_events (stored_at);
CREATE INDEX deployments_former ON viw.deployments (stored_at) WHERE NOT is_current;

-- As in 0058, but for the time. Never the newest session of an agent: by it an entry that comes again is known to be an old one.
CREATE OR REPLACE FUNCTION viw.forget_agent_sessions(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  old text[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT s.session_id AS id FROM viw.agent_sessions s
    WHERE s.disconnected_at IS NOT NULL AND s.stored_at < cutoff
      AND EXISTS (SELECT FROM viw.agent_sessions n
        WHERE n.agent_id = s.agent_id AND (n.epoch, n.session_id) > (s.epoch, s.session_id))
    ORDER BY s.stored_at LIMIT at_most FOR UPDATE OF s SKIP LOCKED) o;
  DELETE FROM viw.agent_sessions WHERE session_id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

CREATE OR REPLACE FUNCTION viw.forget_agent_events(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  gone int;
BEGIN
  WITH old AS MATERIALIZED (
    SELECT e.agent_id, e.event_id FROM viw.agent_events e WHERE e.stored_at < cutoff
    ORDER BY e.stored_at LIMIT at_most FOR UPDATE SKIP LOCKED)
  DELETE FROM viw.agent_events e USING old WHERE e.agent_id = old.agent_id AND e.event_id = old.event_id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- As in 0060, but for the time. Of a retired certificate also what was served last.
CREATE OR REPLACE FUNCTION viw.forget_deployments(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 90, at_most);
  old uuid[];
  gone int;
BEGIN
  SELECT array_agg(id) INTO old FROM (
    (SELECT d.id FROM viw.deployments d WHERE NOT d.is_current AND d.stored_at < cutoff
      ORDER BY d.stored_at LIMIT at_most)
    UNION ALL
    (SELECT d.id FROM viw.certificates c JOIN viw.deployments d ON d.certificate_id = c.id
      WHERE c.deleted_at < cutoff AND d.is_current AND d.stored_at < cutoff ORDER BY c.deleted_at LIMIT at_most)
    LIMIT at_most) candidates;
  SELECT array_agg(o.id) INTO old FROM (
    SELECT d.id FROM viw.deployments d WHERE d.id = ANY (old) FOR UPDATE SKIP LOCKED) o;
  DELETE FROM viw.deployments WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
`,
};
