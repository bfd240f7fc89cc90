import type { Migration } from './migration';

export const renewal: Migration = {
  name: '0027_renewal',
  sql: `
-- When the current version of a certificate is to be renewed, and why then. Written by the scheduler only.
CREATE TABLE viw.renewal_plans (
  certificate_id uuid PRIMARY KEY REFERENCES viw.certificates (id) ON DELETE CASCADE,
  version_id uuid NOT NULL REFERENCES viw.certificate_versions (id) ON DELETE CASCADE,
  due_at timestamptz(3) NOT NULL,
  reason text NOT NULL CHECK (reason IN ('ari', 'lifetime', 'emergency')),
  -- Picked once per version, so that a plan made again is the same.
  jitter double precision NOT NULL CHECK (jitter >= 0 AND jitter < 1),
  -- Renewal information of the CA (RFC 9773); the instant is picked once per window.
  suggested_start timestamptz(3),
  suggested_end timestamptz(3),
  suggested_instant timestamptz(3),
  suggestion_url text,
  heard_at timestamptz(3),
  ask_failures int NOT NULL DEFAULT 0,
  -- When the CA is asked next, and the plan made again.
  look_again_at timestamptz(3) NOT NULL,
  planned_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX renewal_plans_due ON viw.renewal_plans (due_at);
CREATE INDEX renewal_plans_look ON viw.renewal_plans (look_again_at);

-- The failure that a certificate has come to and not got over. Written with the end of the operation that failed.
CREATE TABLE viw.certificate_failures (
  certificate_id uuid PRIMARY KEY REFERENCES viw.certificates (id) ON DELETE CASCADE,
  operation_id uuid NOT NULL REFERENCES viw.certificate_operations (id) ON DELETE CASCADE,
  next_kind text NOT NULL CHECK (next_kind IN ('issue', 'renew', 'deploy')),
  -- In a row.
  attempts int NOT NULL CHECK (attempts > 0),
  first_failed_at timestamptz(3) NOT NULL DEFAULT now(),
  failed_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Null: not before somebody asks for it.
  retry_at timestamptz(3),
  code text NOT NULL,
  problem_type text,
  went_wrong text NOT NULL,
  viw_does text NOT NULL,
  you_can text
);
CREATE INDEX certificate_failures_retry ON viw.certificate_failures (retry_at) WHERE retry_at IS NOT NULL;

-- Alerts that have been raised and not cleared.
CREATE TABLE viw.certificate_alerts (
  certificate_id uuid NOT NULL REFERENCES viw.certificates (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('certificate.expiring', 'renewal.failing')),
  severity text NOT NULL CHECK (severity IN ('warning', 'critical')),
  told_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (certificate_id, kind)
);

CREATE INDEX certificate_operations_scheduled ON viw.certificate_operations (created_at)
  WHERE issued_by_kind = 'system' AND issued_by_id = 'scheduler';

-- Begins an operation as an accepted request does: row and outbox entry at once. With the owner's rights, because the
-- outbox leads to every stream and a cert-worker is to reach this one only. False, and nothing stored, when anything has
-- happened to the certificate since the scheduler saw it.
CREATE FUNCTION viw.begin_scheduled_operation(certificate uuid, seen_operation uuid, operation uuid, wanted text,
  event uuid, stream_version int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF wanted IS NULL OR wanted NOT IN ('issue', 'renew', 'deploy') THEN
    RAISE EXCEPTION 'no operation for the scheduler: %', wanted USING ERRCODE = '22023';
  END IF;
  PERFORM 1 FROM viw.certificates c
    WHERE c.id = certificate AND c.deleted_at IS NULL AND c.state <> 'revoked' FOR UPDATE;
  IF NOT FOUND OR seen_operation IS DISTINCT FROM (SELECT o.id FROM viw.certificate_operations o
      WHERE o.certificate_id = certificate ORDER BY o.id DESC LIMIT 1) THEN
    RETURN false;
  END IF;
  INSERT INTO viw.certificate_operations (id, certificate_id, kind, issued_by_kind, issued_by_id, issued_by_name)
    VALUES (operation, certificate, wanted, 'system', 'scheduler', 'renewal');
  INSERT INTO viw.outbox (stream, event_id, v, body) VALUES ('viw.cert_requests', event, stream_version,
    jsonb_build_object('operation_id', operation, 'certificate_id', certificate, 'kind', wanted));
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION viw.begin_scheduled_operation(uuid, uuid, uuid, text, uuid, int) FROM PUBLIC;
`,
};
