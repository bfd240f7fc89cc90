import type { ServedOutcome } from '@viw/contracts';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';
import type { DeployTarget } from '../servers/virtual-host-repository';

/** A virtual host, what was proved to be served there, and what the look before has found. */
export interface DueCheck extends DeployTarget {
  certificate_id: string;
  version_id: string;
  fingerprint_sha256: string;
  /** Null before the first look. */
  before: { outcome: ServedOutcome; looks: number } | null;
}

/** `d` is deployments. */
const isNotWorkedOn = sql`NOT EXISTS (SELECT FROM viw.certificate_operations o
  WHERE o.certificate_id = d.certificate_id AND o.status = 'running' AND o.lease_until > now())`;

/** Whether what was proved to be served is served still. */
export class ServedCheckRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Virtual hosts to be looked at, longest unseen first. One that was not found in order comes again after `againS`, and at
   * once after a new deployment. Certificates that are worked on now are left out.
   */
  async due({
    everyS,
    againS,
    limit,
  }: {
    everyS: number;
    againS: number;
    limit: number;
  }): Promise<DueCheck[]> {
    const { rows } = await sql<DueCheck>`
      SELECT v.id, v.server_id, v.server_names, v.cert_dir, v.listeners, v.certificate_id, v.kind, v.haproxy, v.command,
        v.snippet, d.version_id,
        n.fingerprint_sha256,
        CASE WHEN c.outcome IS NOT NULL THEN jsonb_build_object('outcome', c.outcome, 'looks', c.looks) END AS before,
        jsonb_build_object('id', s.id, 'name', s.name, 'host', s.host, 'ssh_port', s.ssh_port,
          'ssh_credential_id', s.ssh_credential_id, 'host_key_fingerprint', s.host_key_fingerprint,
          'jump_server_id', s.jump_server_id, 'test_command', s.test_command, 'reload_command', s.reload_command, 'rights', s.rights) AS server
      FROM viw.deployments d
      JOIN viw.virtual_hosts v ON v.id = d.virtual_host_id AND v.certificate_id = d.certificate_id
      JOIN viw.nginx_servers s ON s.id = v.server_id
      JOIN viw.certificate_versions n ON n.id = d.version_id
      LEFT JOIN viw.served_checks c ON c.virtual_host_id = v.id
      WHERE d.is_current
        AND (greatest(c.checked_at, d.proved_at) < now() - make_interval(secs => ${everyS})
          OR (c.outcome <> 'served' AND (c.checked_at < now() - make_interval(secs => ${againS})
            OR c.checked_at < d.proved_at)))
        AND ${isNotWorkedOn}
      ORDER BY greatest(c.checked_at, d.proved_at) LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  /** False: another version is or has been deployed meanwhile, so the look says nothing. */
  async isCurrent(check: Pick<DueCheck, 'id' | 'version_id'>): Promise<boolean> {
    const { rows } = await sql`SELECT 1 FROM viw.deployments d
      WHERE d.virtual_host_id = ${check.id} AND d.version_id = ${check.version_id} AND d.is_current
        AND ${isNotWorkedOn}`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** False, and nothing stored: the virtual host is gone, or is to serve something else. */
  async record(
    check: Pick<DueCheck, 'id' | 'version_id'>,
    found: { readonly outcome: ServedOutcome; readonly detail?: string | undefined },
  ): Promise<boolean> {
    const { rows } = await sql`
      INSERT INTO viw.served_checks AS c (virtual_host_id, version_id, outcome, detail)
      SELECT id, ${check.version_id}, ${found.outcome}, ${found.detail ?? null}
      FROM viw.virtual_hosts WHERE id = ${check.id} AND certificate_id =
        (SELECT certificate_id FROM viw.certificate_versions WHERE id = ${check.version_id})
      ON CONFLICT (virtual_host_id) DO UPDATE SET version_id = excluded.version_id, outcome = excluded.outcome,
        detail = excluded.detail, checked_at = now(),
        looks = CASE WHEN c.outcome = excluded.outcome THEN c.looks + 1 ELSE 1 END,
        since = CASE WHEN c.outcome = excluded.outcome THEN c.since ELSE now() END
      RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** What was found at these virtual hosts is about nothing any more. @returns those that were not in order */
  async forget(virtualHostIds: readonly string[]): Promise<string[]> {
    if (virtualHostIds.length === 0) return [];
    const { rows } = await sql<{ virtual_host_id: string; outcome: ServedOutcome }>`
      DELETE FROM viw.served_checks WHERE virtual_host_id = ANY(${[...virtualHostIds]}::uuid[])
      RETURNING virtual_host_id, outcome`.execute(this.deps.db);
    return rows.filter(({ outcome }) => outcome !== 'served').map((row) => row.virtual_host_id);
  }
}
