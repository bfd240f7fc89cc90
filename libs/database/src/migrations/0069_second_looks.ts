import type { Migration } from './migration';

const old = {
  key: `v.key_destroyed_at IS NULL AND least(v.not_after, v.revoked_at, v.quarantined_at) < cutoff
      AND NOT (c.in_service AND c.current_version_id IS NOT DISTINCT FROM v.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_operations o
        WHERE o.certificate_id = c.id AND o.status IN ('accepted', 'running'))
      AND NOT EXISTS (SELECT FROM viw.deployments d JOIN viw.virtual_hosts h ON h.id = d.virtual_host_id
        WHERE d.version_id = v.id AND d.is_current AND h.certificate_id = c.id)`,
  version: `v.not_after < cutoff AND v.created_at < cutoff AND v.key_destroyed_at IS NOT NULL
      AND (c.deleted_at < cutoff OR c.current_version_id IS DISTINCT FROM v.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_operations o
        WHERE o.certificate_id = c.id AND o.status IN ('accepted', 'running'))
      AND NOT EXISTS (SELECT FROM viw.deployments d WHERE d.version_id = v.id)
      AND NOT EXISTS (SELECT FROM viw.served_checks k WHERE k.version_id = v.id)
      AND NOT EXISTS (SELECT FROM viw.renewal_plans p WHERE p.version_id = v.id)`,
  operation: `o.finished_at < cutoff AND o.status IN ('succeeded', 'failed')
      AND (c.deleted_at < cutoff OR EXISTS (SELECT FROM viw.certificate_operations n
        WHERE n.certificate_id = o.certificate_id AND n.id > o.id))
      AND NOT EXISTS (SELECT FROM viw.certificate_failures f WHERE f.operation_id = o.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_versions v WHERE v.operation_id = o.id)
      AND NOT EXISTS (SELECT FROM viw.deployments d WHERE d.operation_id = o.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_operations b
        WHERE b.batch_id = o.batch_id AND b.status IN ('accepted', 'running'))`,
  certificate: `c.deleted_at < cutoff
      AND NOT EXISTS (SELECT FROM viw.certificate_operations o WHERE o.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM viw.certificate_versions v WHERE v.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM viw.deployments d WHERE d.certificate_id = c.id)
      AND NOT EXISTS (SELECT FROM viw.virtual_hosts h WHERE h.certificate_id = c.id)`,
};

const sweep = (name: string, leastDays: number, steps: string): string => `
CREATE OR REPLACE FUNCTION viw.${name}(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, ${leastDays}, at_most);
  old uuid[];
  gone int;
BEGIN${steps}
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
`;

/**
 * As in 0060 (deployments: 0068), but that each looks again, in a statement of its own, once it holds the rows: what was committed between
 * the first look and the lock would not count otherwise. From the lock on, whoever adds something to a certificate waits; so
 * does who refers to a version that is to go without the certificate's lock, as looks at servers do.
 */
export const secondLooks: Migration = {
  name: '0069_second_looks',
  sql: [
    sweep(
      'destroy_useless_keys',
      1,
      `
  SELECT array_agg(l.id) INTO old FROM (
    SELECT v.id FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
    WHERE ${old.key}
    ORDER BY least(v.not_after, v.revoked_at, v.quarantined_at) LIMIT at_most FOR UPDATE OF c SKIP LOCKED) l;
  SELECT array_agg(v.id) INTO old FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
    WHERE v.id = ANY (old) AND ${old.key};
  UPDATE viw.certificate_versions SET private_key_sealed = NULL, key_destroyed_at = now() WHERE id = ANY (old);`,
    ),
    sweep(
      'forget_deployments',
      90,
      `
  SELECT array_agg(id) INTO old FROM (
    (SELECT d.id FROM viw.deployments d WHERE NOT d.is_current AND d.stored_at < cutoff
      ORDER BY d.stored_at LIMIT at_most)
    UNION ALL
    (SELECT d.id FROM viw.certificates c JOIN viw.deployments d ON d.certificate_id = c.id
      WHERE c.deleted_at < cutoff AND d.is_current AND d.stored_at < cutoff ORDER BY c.deleted_at LIMIT at_most)
    LIMIT at_most) candidates;
  -- All that can change since is in the row that is locked.
  SELECT array_agg(l.id) INTO old FROM (
    SELECT d.id FROM viw.deployments d WHERE d.id = ANY (old) AND d.stored_at < cutoff
      AND (NOT d.is_current OR EXISTS (SELECT FROM viw.certificates c WHERE c.id = d.certificate_id AND c.deleted_at < cutoff))
    FOR UPDATE SKIP LOCKED) l;
  DELETE FROM viw.deployments WHERE id = ANY (old);`,
    ),
    sweep(
      'forget_versions',
      90,
      `
  SELECT array_agg(l.id) INTO old FROM (
    SELECT v.id FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
    WHERE ${old.version}
    ORDER BY v.not_after LIMIT at_most FOR UPDATE OF c, v SKIP LOCKED) l;
  SELECT array_agg(v.id) INTO old FROM viw.certificate_versions v JOIN viw.certificates c ON c.id = v.certificate_id
    WHERE v.id = ANY (old) AND ${old.version};
  UPDATE viw.certificates SET current_version_id = NULL WHERE current_version_id = ANY (old);
  DELETE FROM viw.certificate_versions WHERE id = ANY (old);`,
    ),
    sweep(
      'forget_operations',
      90,
      `
  SELECT array_agg(l.id) INTO old FROM (
    SELECT o.id FROM viw.certificate_operations o JOIN viw.certificates c ON c.id = o.certificate_id
    WHERE ${old.operation}
    ORDER BY o.finished_at LIMIT at_most FOR UPDATE OF c SKIP LOCKED) l;
  SELECT array_agg(o.id) INTO old FROM viw.certificate_operations o JOIN viw.certificates c ON c.id = o.certificate_id
    WHERE o.id = ANY (old) AND ${old.operation};
  DELETE FROM viw.certificate_operations WHERE id = ANY (old);`,
    ),
    sweep(
      'forget_retired_certificates',
      90,
      `
  SELECT array_agg(l.id) INTO old FROM (
    SELECT c.id FROM viw.certificates c
    WHERE ${old.certificate}
    ORDER BY c.deleted_at LIMIT at_most FOR UPDATE SKIP LOCKED) l;
  SELECT array_agg(c.id) INTO old FROM viw.certificates c
    WHERE c.id = ANY (old) AND ${old.certificate};
  DELETE FROM viw.certificates WHERE id = ANY (old);`,
    ),
  ].join(''),
};
