import type { Migration } from './migration';

/**
 * Lines of the audit log are written freely, by any process, in the transaction of what they record. One sealer appends them to
 * the one chain afterwards: docs/adr/0016.
 */
export const auditChain: Migration = {
  name: '0025_audit_chain',
  sql: `
-- Never used: they were for a chain per process.
ALTER TABLE viw.audit_log DROP COLUMN chain_id, DROP COLUMN seq, DROP COLUMN prev_hash, DROP COLUMN hash;

-- Lines that do not stand in the chain yet.
CREATE TABLE viw.audit_unsealed (entry_id bigint PRIMARY KEY);

-- hash = SHA-256(prev_hash as bytes, then the line in RFC 8785 form); hexadecimal. The first prev_hash is all zeros.
CREATE TABLE viw.audit_chain (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  entry_id bigint NOT NULL UNIQUE,
  prev_hash text NOT NULL,
  hash text NOT NULL
);

CREATE TABLE viw.audit_checkpoints (
  seq bigint PRIMARY KEY,
  hash text NOT NULL,
  at timestamptz(3) NOT NULL,
  -- Which key has signed; Ed25519, base64url.
  kid text NOT NULL,
  signature text NOT NULL
);

CREATE FUNCTION viw.note_unsealed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO viw.audit_unsealed VALUES (NEW.id);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION viw.note_unsealed() FROM PUBLIC;
CREATE TRIGGER audit_log_unsealed AFTER INSERT ON viw.audit_log FOR EACH ROW EXECUTE FUNCTION viw.note_unsealed();
INSERT INTO viw.audit_unsealed SELECT id FROM viw.audit_log;
`,
};
