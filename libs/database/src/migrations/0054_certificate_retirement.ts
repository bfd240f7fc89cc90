import type { Migration } from './migration';

export const certificateRetirement: Migration = {
  name: '0054_certificate_retirement',
  sql: `
-- The one meaning of "viw still looks after it": planned, renewed, counted and warned about.
ALTER TABLE viw.certificates ADD COLUMN in_service boolean NOT NULL
  GENERATED ALWAYS AS (deleted_at IS NULL AND state <> 'revoked') STORED;

-- The key of a retired certificate is gone for good; its version stays as a record.
ALTER TABLE viw.certificate_versions
  ALTER COLUMN private_key_sealed DROP NOT NULL,
  ADD COLUMN key_destroyed_at timestamptz(3),
  ADD CHECK ((private_key_sealed IS NULL) = (key_destroyed_at IS NOT NULL));

-- No new work and no virtual host for a certificate that is retired, or is being retired by another transaction. As a
-- foreign key it waits for that transaction's end.
CREATE FUNCTION viw.refuse_retired_certificate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM viw.certificates c WHERE c.id = NEW.certificate_id AND c.deleted_at IS NULL FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such certificate' USING ERRCODE = '23503';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER virtual_hosts_certificate BEFORE INSERT OR UPDATE OF certificate_id ON viw.virtual_hosts
  FOR EACH ROW WHEN (NEW.certificate_id IS NOT NULL) EXECUTE FUNCTION viw.refuse_retired_certificate();
CREATE TRIGGER certificate_operations_certificate BEFORE INSERT ON viw.certificate_operations
  FOR EACH ROW EXECUTE FUNCTION viw.refuse_retired_certificate();

-- With the owner's rights, because the backend can reach no key, not even to destroy it. Work under way is ended: its worker
-- loses the lease, and whatever it has made is not stored. Order of locks: as a claim takes them.
CREATE FUNCTION viw.retire_certificate(certificate uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM viw.certificates c WHERE c.id = certificate AND c.deleted_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'gone';
  END IF;
  IF EXISTS (SELECT FROM viw.virtual_hosts v WHERE v.certificate_id = certificate) THEN
    RETURN 'in_use';
  END IF;
  IF EXISTS (SELECT FROM viw.certificate_operations o WHERE o.certificate_id = certificate AND o.kind = 'revoke'
      AND o.status IN ('accepted', 'running')) OR EXISTS (SELECT FROM viw.certificate_failures f
      WHERE f.certificate_id = certificate AND f.next_kind = 'revoke' AND f.retry_at IS NOT NULL) THEN
    RETURN 'revoking';
  END IF;
  UPDATE viw.certificates SET deleted_at = now(), dns_provider_id = NULL, fencing = fencing + 1 WHERE id = certificate;
  UPDATE viw.certificate_operations SET status = 'failed', finished_at = now(), lease_until = NULL,
    error_code = 'CONFLICT', error_msg = 'the certificate was retired'
    WHERE certificate_id = certificate AND status IN ('accepted', 'running');
  DELETE FROM viw.certificate_order_keys k USING viw.certificate_operations o
    WHERE o.id = k.operation_id AND o.certificate_id = certificate;
  UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now()
    WHERE certificate_id = certificate AND private_key_sealed IS NOT NULL;
  DELETE FROM viw.renewal_plans WHERE certificate_id = certificate;
  DELETE FROM viw.certificate_failures WHERE certificate_id = certificate;
  RETURN 'retired';
END $$;
REVOKE ALL ON FUNCTION viw.retire_certificate(uuid) FROM PUBLIC;

-- As before, by the one meaning of in service.
CREATE OR REPLACE FUNCTION viw.begin_scheduled_operation(certificate uuid, seen_operation uuid, operation uuid, wanted text,
  event uuid, stream_version int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked jsonb := '{}';
BEGIN
  IF wanted IS NULL OR wanted NOT IN ('issue', 'renew', 'deploy', 'revoke') THEN
    RAISE EXCEPTION 'no operation for the scheduler: %', wanted USING ERRCODE = '22023';
  END IF;
  PERFORM 1 FROM viw.certificates c
    WHERE c.id = certificate AND c.in_service FOR UPDATE;
  IF NOT FOUND OR seen_operation IS DISTINCT FROM (SELECT o.id FROM viw.certificate_operations o
      WHERE o.certificate_id = certificate ORDER BY o.id DESC LIMIT 1) THEN
    RETURN false;
  END IF;
  IF wanted = 'revoke' THEN
    SELECT jsonb_build_object('until', o.created_at) || o.parameters INTO asked FROM viw.certificate_failures f JOIN viw.certificate_operations o ON o.id = f.operation_id
      WHERE f.certificate_id = certificate AND f.next_kind = 'revoke' AND o.kind = 'revoke';
    IF NOT FOUND THEN
      RETURN false;
    END IF;
  ELSE
    SELECT jsonb_strip_nulls(jsonb_build_object('rollout', o.parameters -> 'rollout')) INTO asked
      FROM viw.certificate_failures f JOIN viw.certificate_operations o ON o.id = f.operation_id
      WHERE f.certificate_id = certificate;
    asked := coalesce(asked, '{}');
  END IF;
  IF wanted = 'renew' THEN
    asked := asked || coalesce((SELECT jsonb_build_object('renewal_reason', p.reason) FROM viw.renewal_plans p
      JOIN viw.certificates c ON c.id = p.certificate_id AND c.current_version_id = p.version_id
      WHERE p.certificate_id = certificate AND p.due_at <= now()), '{}');
  END IF;
  INSERT INTO viw.certificate_operations (id, certificate_id, kind, parameters, issued_by_kind, issued_by_id, issued_by_name)
    VALUES (operation, certificate, wanted, asked, 'system', 'scheduler', 'renewal');
  INSERT INTO viw.outbox (stream, event_id, v, body) VALUES ('viw.cert_requests', event, stream_version,
    jsonb_build_object('operation_id', operation, 'certificate_id', certificate, 'kind', wanted));
  RETURN true;
END $$;
`,
};
