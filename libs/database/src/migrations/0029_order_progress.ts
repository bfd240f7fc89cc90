import type { Migration } from './migration';

export const orderProgress: Migration = {
  name: '0029_order_progress',
  sql: `
-- How far the order of an operation has come. It tells people; what resumes an order asks the CA, which alone knows.
ALTER TABLE viw.certificate_operations ADD COLUMN order_state text
  CHECK (order_state IN ('ordered', 'authorising', 'ready', 'finalising', 'issued', 'stored'));

-- Its key is taken to be in foreign hands: never deployed again, and revoked once its successor is served.
ALTER TABLE viw.certificate_versions ADD COLUMN quarantined_at timestamptz(3);

ALTER TABLE viw.certificate_failures DROP CONSTRAINT certificate_failures_next_kind_check,
  ADD CHECK (next_kind IN ('issue', 'renew', 'deploy', 'revoke'));

-- A revocation that failed is begun again with what it was asked for; other work with the way it was to go through the servers.
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
    WHERE c.id = certificate AND c.deleted_at IS NULL AND c.state <> 'revoked' FOR UPDATE;
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
  INSERT INTO viw.certificate_operations (id, certificate_id, kind, parameters, issued_by_kind, issued_by_id, issued_by_name)
    VALUES (operation, certificate, wanted, asked, 'system', 'scheduler', 'renewal');
  INSERT INTO viw.outbox (stream, event_id, v, body) VALUES ('viw.cert_requests', event, stream_version,
    jsonb_build_object('operation_id', operation, 'certificate_id', certificate, 'kind', wanted));
  RETURN true;
END $$;
`,
};
