import type { Migration } from './migration';

export const issuers: Migration = {
  name: '0048_issuers',
  sql: `
-- Accounts at ACME directories: those that cert-workers make by their configuration, one per directory, and those that the
-- API makes, one per issuer. The account key is made and sealed by a cert-worker, the MAC key of the external account
-- binding is sealed by the backend (libs/secrets); the backend can read neither.
ALTER TABLE viw.acme_accounts
  DROP CONSTRAINT acme_accounts_directory_url_key,
  ALTER COLUMN key_sealed DROP NOT NULL,
  ADD COLUMN origin text NOT NULL DEFAULT 'environment' CHECK (origin IN ('environment', 'api')),
  -- The name by which certificates ask for it.
  ADD COLUMN issuer text NOT NULL DEFAULT 'acme',
  ADD COLUMN label text,
  -- PEM of roots beside the system's, for the directory's own HTTPS.
  ADD COLUMN directory_ca text,
  ADD COLUMN key_type text NOT NULL DEFAULT 'ec-p256',
  ADD COLUMN eab_kid text,
  ADD COLUMN eab_key_sealed jsonb,
  ADD COLUMN terms_agreed boolean NOT NULL DEFAULT true,
  ADD COLUMN preferred_chain text,
  ADD COLUMN profile text,
  -- What a cert-worker is still to do at the CA; rises with every change, so that the end of older work is told apart.
  ADD COLUMN wanted text CHECK (wanted IN ('register', 'deactivate')),
  ADD COLUMN revision int NOT NULL DEFAULT 1,
  ADD COLUMN attempts int NOT NULL DEFAULT 0,
  -- Null: not before somebody asks for it.
  ADD COLUMN next_attempt_at timestamptz(3),
  ADD COLUMN failure jsonb,
  ADD COLUMN deactivated_at timestamptz(3),
  ADD CHECK ((eab_kid IS NULL) = (eab_key_sealed IS NULL)),
  ADD CHECK (key_sealed IS NOT NULL OR origin = 'api');
CREATE UNIQUE INDEX acme_accounts_environment ON viw.acme_accounts (directory_url) WHERE origin = 'environment';
CREATE UNIQUE INDEX acme_accounts_issuer ON viw.acme_accounts (issuer)
  WHERE origin = 'api' AND deactivated_at IS NULL;
CREATE INDEX acme_accounts_wanted ON viw.acme_accounts (next_attempt_at) WHERE wanted IS NOT NULL;

-- Why a plan is not what the CA suggests, in words.
ALTER TABLE viw.renewal_plans ADD COLUMN note text;

-- A renewal is stored with the reason of its plan: a version made at the wish of the CA does not obey the next one at once.
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
