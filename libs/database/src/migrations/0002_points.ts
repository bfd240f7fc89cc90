import type { Migration } from './migration';

/**
 * Points are partitioned by UTC day; there is no default partition, so that retention is always a DROP. The functions
 * run with the owner's rights: a writer makes and drops partitions without owning the table.
 */
export const points: Migration = {
  name: '0002_points',
  sql: `
CREATE TABLE viw.os_gateway_points (
  agent_id text NOT NULL,
  bucket timestamptz(3) NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  cpu_pct double precision,
  mem_used_pct double precision,
  load_1 double precision,
  sessions double precision,
  PRIMARY KEY (agent_id, bucket)
) PARTITION BY RANGE (bucket);

-- ATTACH takes a weaker lock than CREATE ... PARTITION OF: readers and writers go on.
CREATE FUNCTION viw.ensure_point_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text := 'os_gateway_points_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF day > (now() AT TIME ZONE 'UTC')::date + 31 OR day < (now() AT TIME ZONE 'UTC')::date - 3660 THEN
    RAISE EXCEPTION 'day % is out of range', day USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(7304);
  IF to_regclass('viw.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE viw.%I (LIKE viw.os_gateway_points INCLUDING ALL)', name);
  EXECUTE format('ALTER TABLE viw.os_gateway_points ATTACH PARTITION viw.%I FOR VALUES FROM (%L) TO (%L)',
    name, day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00');
  RETURN true;
END $$;

-- Drops the partitions of days before today - keep_days; their names.
CREATE FUNCTION viw.drop_point_partitions(keep_days int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text;
BEGIN
  IF keep_days < 1 THEN
    RAISE EXCEPTION 'at least one day is kept' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(7304);
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'viw.os_gateway_points'::regclass
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - keep_days
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE viw.%I', name);
    RETURN NEXT name;
  END LOOP;
END $$;

REVOKE ALL ON FUNCTION viw.ensure_point_partition(date), viw.drop_point_partitions(int) FROM PUBLIC;
`,
};
