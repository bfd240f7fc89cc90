import type { Migration } from './migration';

/**
 * Retention of certificates' past. With the owner's rights, in bounded steps; each holds the certificate's row as a claim of an
 * operation does (but for former deployments, which no work touches) and leaves alone what somebody else holds.
 */
export const certificateHistory: Migration = {
  name: '0060_certificate_history',
  sql: `
-- In the order in which work locks their rows, so that the two cannot wait for each other.
LOCK TABLE viw.certificates, viw.certificate_operations, viw.certificate_versions, viw.deployments IN SHARE MODE;
CREATE INDEX certificate_operations_ended ON viw.certificate_operations (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX certificate_versions_ended ON viw.certificate_versions (not_after);
CREATE INDEX certificate_versions_key_of_no_use ON viw.certificate_versions (least(not_after, revoked_at, quarantined_at))
  WHERE key_destroyed_at IS NULL;
CREATE INDEX certificates_retired ON viw.certificates (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX deployments_former ON viw.deployments (proved_at) WHERE NOT is_current;
-- For foreign keys: who refers to what is to be deleted?
CREATE INDEX certificates_current_version ON viw.certificates (current_version_id);
CREATE INDEX certificate_versions_operation ON viw.certificate_versions (operation_id);
CREATE INDEX certificate_failures_operation ON viw.certificate_failures (operation_id);
CREATE INDEX deployments_certificate ON viw.deployments (certificate_id);
CREATE INDEX deployments_version ON viw.deployments (version_id);
CREATE INDEX deployments_operation ON viw.deployments (operation_id);
CREATE INDEX served_checks_version ON viw.served_checks (version_id);
CREATE INDEX renewal_plans_version ON viw.renewal_plans (version_id);

-- What retention goes by is the database's word: cert-workers may write these columns, and say by it that something has ended, not when.
-- The owner, whose rights the functions have, may.
CREATE FUNCTION viw.stamp_version_end() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    NEW.revoked_at := CASE WHEN NEW.revoked_at IS NULL THEN NULL ELSE coalesce(OLD.revoked_at, clock_timestamp()) END;
    NEW.quarantined_at := CASE WHEN NEW.quarantined_at IS NULL THEN NULL ELSE coalesce(OLD.quarantined_at, clock_timestamp()) END;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stamp_version_end BEFORE UPDATE OF revoked_at, quarantined_at ON viw.certificate_versions
  FOR EACH ROW EXECUTE FUNCTION viw.stamp_version_end();
CREATE FUNCTION viw.stamp_operation_end() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    NEW.finished_at := CASE WHEN NEW.finished_at IS NULL THEN NULL ELSE coalesce(OLD.finished_at, clock_timestamp()) END;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stamp_operation_end BEFORE UPDATE OF finished_at ON viw.certificate_operations
  FOR EACH ROW EXECUTE FUNCTION viw.stamp_operation_end();
REVOKE ALL ON FUNCTION viw.stamp_version_end(), viw.stamp_operation_end() FROM PUBLIC;

-- Of versions that ended, were revoked or went into quarantine so long ago. None of them can be deployed or returned to any
-- more; never the current one of a certificate in service, one that a virtual host is still to serve and was proved to, or any
-- of a certificate that somebody works on.
CREATE FUNCTION viw.destroy_useless_keys(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 1, at_most);
  old uuid[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT v.id FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
    WHERE v.key_destroyed_at IS NULL AND least(v.not_after, v.revoked_at, v.quarantined_at) < cutoff
      AND NOT (c.in_service AND c.current_version_id IS NOT DISTINCT FROM v.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_operations o
        WHERE o.certificate_id = c.id AND o.status IN ('accepted', 'running'))
      AND NOT EXISTS (SELECT FROM viw.deployments d JOIN viw.virtual_hosts h ON h.id = d.virtual_host_id
        WHERE d.version_id = v.id AND d.is_current AND h.certificate_id = c.id)
    ORDER BY least(v.not_after, v.revoked_at, v.quarantined_at) LIMIT at_most FOR UPDATE OF c SKIP LOCKED) o;
  UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now() WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- What was served before; of a retired certificate also what was served last.
CREATE FUNCTION viw.forget_deployments(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 90, at_most);
  old uuid[];
  gone int;
BEGIN
  SELECT array_agg(id) INTO old FROM (
    (SELECT d.id FROM viw.deployments d WHERE NOT d.is_current AND d.proved_at < cutoff
      ORDER BY d.proved_at LIMIT at_most)
    UNION ALL
    (SELECT d.id FROM viw.certificates c JOIN viw.deployments d ON d.certificate_id = c.id
      WHERE c.deleted_at < cutoff AND d.is_current AND d.proved_at < cutoff ORDER BY c.deleted_at LIMIT at_most)
    LIMIT at_most) candidates;
  SELECT array_agg(o.id) INTO old FROM (
    SELECT d.id FROM viw.deployments d WHERE d.id = ANY (old) FOR UPDATE SKIP LOCKED) o;
  DELETE FROM viw.deployments WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- Ended so long ago, without a key, and nothing refers to them. Never the current one, unless its certificate was retired as long ago.
CREATE FUNCTION viw.forget_versions(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 90, at_most);
  old uuid[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT v.id FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
    WHERE v.not_after < cutoff AND v.created_at < cutoff AND v.key_destroyed_at IS NOT NULL
      AND (c.deleted_at < cutoff OR c.current_version_id IS DISTINCT FROM v.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_operations o
        WHERE o.certificate_id = c.id AND o.status IN ('accepted', 'running'))
      AND NOT EXISTS (SELECT FROM viw.deployments d WHERE d.version_id = v.id)
      AND NOT EXISTS (SELECT FROM viw.served_checks k WHERE k.version_id = v.id)
      AND NOT EXISTS (SELECT FROM viw.renewal_plans p WHERE p.version_id = v.id)
    ORDER BY v.not_after LIMIT at_most FOR UPDATE OF c SKIP LOCKED) o;
  UPDATE viw.certificates SET current_version_id = NULL WHERE current_version_id = ANY (old);
  DELETE FROM viw.certificate_versions WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- With steps, targets and what else belongs to them. Never one that is open, of a batch of which one is open, that a next attempt goes
-- on with, or to which a version or deployment goes back; and not the last one of a certificate that was not retired as long ago.
CREATE FUNCTION viw.forget_operations(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 90, at_most);
  old uuid[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT o.id FROM viw.certificate_operations o JOIN viw.certificates c ON c.id = o.certificate_id
    WHERE o.finished_at < cutoff AND o.status IN ('succeeded', 'failed')
      AND (c.deleted_at < cutoff OR EXISTS (SELECT FROM viw.certificate_operations n
        WHERE n.certificate_id = o.certificate_id AND n.id > o.id))
      AND NOT EXISTS (SELECT FROM viw.certificate_failures f WHERE f.operation_id = o.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_versions v WHERE v.operation_id = o.id)
      AND NOT EXISTS (SELECT FROM viw.deployments d WHERE d.operation_id = o.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_operations b
        WHERE b.batch_id = o.batch_id AND b.status IN ('accepted', 'running'))
    ORDER BY o.finished_at LIMIT at_most FOR UPDATE OF c SKIP LOCKED) o;
  DELETE FROM viw.certificate_operations WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

-- Retired so long ago, and nothing of them is left.
CREATE FUNCTION viw.forget_retired_certificates(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 90, at_most);
  old uuid[];
  gone int;
BEGIN
  SELECT array_agg(o.id) INTO old FROM (
    SELECT c.id FROM viw.certificates c WHERE c.deleted_at < cutoff
      AND NOT EXISTS (SELECT FROM viw.certificate_operations o WHERE o.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_versions v WHERE v.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM viw.deployments d WHERE d.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM viw.virtual_hosts h WHERE h.certificate_id = c.id)
    ORDER BY c.deleted_at LIMIT at_most FOR UPDATE SKIP LOCKED) o;
  DELETE FROM viw.certificates WHERE id = ANY (old);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION viw.destroy_useless_keys(int, int), viw.forget_deployments(int, int), viw.forget_versions(int, int),
  viw.forget_operations(int, int), viw.forget_retired_certificates(int, int) FROM PUBLIC;
`,
};
