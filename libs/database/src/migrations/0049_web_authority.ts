import type { Migration } from './migration';

export const webAuthority: Migration = {
  name: '0049_web_authority',
  sql: `
-- An authority for web servers below the root. Its key is made and sealed by a cert-worker, whose role alone may read it; the
-- backend, which holds the root's, certifies the request.
CREATE TABLE viw.authority_requests (
  -- The authority's own, once it is certified.
  id uuid PRIMARY KEY,
  purpose text NOT NULL UNIQUE CHECK (purpose = 'web-services'),
  -- PKCS #10, PEM.
  request text NOT NULL,
  key_sealed jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
ALTER TABLE viw.certificate_authorities
  DROP CONSTRAINT certificate_authorities_purpose_check,
  ADD CONSTRAINT certificate_authorities_purpose_check CHECK (purpose IN
    ('root', 'gateway-agents', 'web-services', 'services', 'database-services')),
  -- NULL: the key is held by who asked for it.
  ALTER COLUMN sealed DROP NOT NULL,
  ADD CHECK (sealed IS NOT NULL OR purpose = 'web-services');

-- What its revocation list is made of.
CREATE TABLE viw.web_revocations (
  authority_id uuid NOT NULL REFERENCES viw.certificate_authorities (id),
  serial text NOT NULL CHECK (serial ~ '^[0-9a-f]{1,40}$'),
  reason text NOT NULL CHECK (reason IN ('keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation')),
  revoked_at timestamptz(3) NOT NULL DEFAULT now(),
  not_after timestamptz(3) NOT NULL,
  PRIMARY KEY (authority_id, serial)
);

-- The next revocation list of the one authority whose key a cert-worker holds. With the owner's rights, so that it can touch
-- no other authority's. False: another list was stored meanwhile.
CREATE FUNCTION viw.store_web_revocation_list(authority uuid, after_number bigint, number bigint, list bytea, digest text,
  this_update timestamptz, next_update timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE viw.certificate_authorities a SET crl = list, crl_number = number, crl_digest = digest,
      crl_this_update = this_update, crl_next_update = next_update
    WHERE a.id = authority AND a.purpose = 'web-services' AND a.sealed IS NULL AND a.crl_number = after_number
      AND number > after_number AND list IS NOT NULL;
  RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION viw.store_web_revocation_list(uuid, bigint, bigint, bytea, text, timestamptz, timestamptz) FROM PUBLIC;
`,
};
