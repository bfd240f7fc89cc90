import type { Migration } from './migration';

/**
 * Retention of the audit log: docs/adr/0029. The chain is shortened from its beginning, by one function, which leaves a row behind that
 * says what was dropped. Nobody is given DELETE on the log.
 */
export const auditArchive: Migration = {
  name: '0056_audit_archive',
  sql: `
-- One row per cut. It dropped the lines behind after_seq up to and with seq; after_hash and hash are those of the chain there.
CREATE TABLE viw.audit_archive (
  seq bigint PRIMARY KEY,
  hash text NOT NULL,
  after_seq bigint NOT NULL UNIQUE CHECK (after_seq >= 0),
  after_hash text NOT NULL,
  entries bigint NOT NULL CHECK (entries > 0 AND entries = seq - after_seq),
  -- No line that was dropped is younger.
  cut_off timestamptz(3) NOT NULL,
  at timestamptz(3) NOT NULL,
  -- Which key has signed; Ed25519, base64url.
  kid text NOT NULL,
  signature text NOT NULL
);

-- Drops what the row names, and stores the row; both or neither. Whatever the caller says: a cut begins where the one before ended, is whole,
-- ends at a line with the hash that the row gives it, takes nothing younger than 30 days and never the newest line. The signature is for the
-- verification to judge: Postgres does not know the key.
CREATE FUNCTION viw.drop_audit_lines(up_to bigint, up_to_hash text, behind bigint, behind_hash text, lines bigint,
  older_than timestamptz, signed_at timestamptz, signed_by text, signed text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended_at bigint;
  ended_hash text;
  deleted bigint;
BEGIN
  IF num_nulls(up_to, up_to_hash, behind, behind_hash, lines, older_than, signed_at, signed_by, signed) > 0 THEN
    RAISE EXCEPTION 'every value of the row is needed' USING ERRCODE = '22004';
  END IF;
  -- One cut at a time; who reads or adds lines goes on.
  LOCK TABLE viw.audit_archive IN SHARE ROW EXCLUSIVE MODE;
  SELECT a.seq, a.hash INTO ended_at, ended_hash FROM viw.audit_archive a ORDER BY a.seq DESC LIMIT 1;
  IF NOT FOUND THEN
    ended_at := 0;
    ended_hash := repeat('0', 64);
  END IF;
  IF behind <> ended_at OR behind_hash <> ended_hash THEN
    RAISE EXCEPTION 'the cut before ended at %, not at %', ended_at, behind USING ERRCODE = '40001';
  END IF;
  IF up_to <= behind OR lines <> up_to - behind THEN
    RAISE EXCEPTION 'from % to % are not % lines', behind, up_to, lines USING ERRCODE = '22023';
  END IF;
  IF up_to >= coalesce((SELECT max(c.seq) FROM viw.audit_chain c), 0) THEN
    RAISE EXCEPTION 'the newest line of the chain stays' USING ERRCODE = '22023';
  END IF;
  IF up_to_hash IS DISTINCT FROM (SELECT c.hash FROM viw.audit_chain c WHERE c.seq = up_to) THEN
    RAISE EXCEPTION 'the line at % has another hash', up_to USING ERRCODE = '22023';
  END IF;
  IF older_than > now() - interval '30 days' THEN
    RAISE EXCEPTION 'what is younger than 30 days stays' USING ERRCODE = '22023';
  END IF;
  IF EXISTS (SELECT FROM viw.audit_chain c JOIN viw.audit_log a ON a.id = c.entry_id
      WHERE c.seq <= up_to AND a.at > older_than) THEN
    RAISE EXCEPTION 'a line is younger than the cut-off' USING ERRCODE = '22023';
  END IF;
  DELETE FROM viw.audit_log a USING viw.audit_chain c WHERE c.entry_id = a.id AND c.seq <= up_to;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  IF deleted <> lines THEN
    RAISE EXCEPTION '% of % lines are there', deleted, lines USING ERRCODE = '22023';
  END IF;
  DELETE FROM viw.audit_chain c WHERE c.seq <= up_to;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  IF deleted <> lines THEN
    RAISE EXCEPTION '% of % links are there', deleted, lines USING ERRCODE = '22023';
  END IF;
  DELETE FROM viw.audit_checkpoints p WHERE p.seq <= up_to;
  INSERT INTO viw.audit_archive (seq, hash, after_seq, after_hash, entries, cut_off, at, kid, signature)
    VALUES (up_to, up_to_hash, behind, behind_hash, lines, older_than, signed_at, signed_by, signed);
END $$;
REVOKE ALL ON FUNCTION viw.drop_audit_lines(bigint, text, bigint, text, bigint, timestamptz, timestamptz, text, text) FROM PUBLIC;
`,
};
