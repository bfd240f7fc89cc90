import type { Migration } from './migration';

/**
 * How long lines of the audit log stay whatever the account of a service asks for: docs/adr/0029. Without this row any signature had
 * everything dropped that was older than 30 days, however long the installation keeps it.
 */
export const auditRetentionFloor: Migration = {
  name: '0064_audit_retention_floor',
  sql: `
-- One row, which the owner alone writes. 0: no line is ever dropped; so it is without the row.
CREATE TABLE viw.audit_retention_floor (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  days int NOT NULL CHECK (days = 0 OR days BETWEEN 30 AND 36500)
);
INSERT INTO viw.audit_retention_floor (days) VALUES (30);

-- As in 0056, but that the owner says how old a line has to be.
CREATE OR REPLACE FUNCTION viw.drop_audit_lines(up_to bigint, up_to_hash text, behind bigint, behind_hash text, lines bigint,
  older_than timestamptz, signed_at timestamptz, signed_by text, signed text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended_at bigint;
  ended_hash text;
  deleted bigint;
  kept_days int;
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
  SELECT greatest(f.days, 30) INTO kept_days FROM viw.audit_retention_floor f WHERE f.days > 0;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the owner of the schema keeps every line' USING ERRCODE = '22023';
  END IF;
  -- Hours: a day of an interval may have 25 of them.
  IF older_than > now() - make_interval(hours => kept_days * 24) THEN
    RAISE EXCEPTION 'what is younger than % days stays', kept_days USING ERRCODE = '22023';
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
`,
};
