import type { Certificate, KeyType } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Scoped } from '../access/scope-conditions';
import { certificateInScope } from '../access/scope-conditions';
import { isForeignKeyViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

export interface NewCertificate {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly challenge: string;
  readonly key_type: KeyType;
  readonly dns_provider_id?: string | null;
  readonly http_via?: Certificate['http_via'];
  /** Shown to people. */
  readonly created_by: string;
}

const instant = (column: string) =>
  sql.raw(`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

const columns = sql`
  c.id, c.names, c.issuer, c.challenge, c.dns_provider_id, c.http_via, c.key_type, c.state, c.created_at,
  (SELECT jsonb_build_object('id', v.id, 'serial', v.serial, 'fingerprint_sha256', v.fingerprint_sha256,
      'issuer', v.issuer, 'names', v.names, 'not_before', ${instant('v.not_before')},
      'not_after', ${instant('v.not_after')}, 'created_at', ${instant('v.created_at')},
      'revoked_at', ${instant('v.revoked_at')}, 'quarantined_at', ${instant('v.quarantined_at')})
    FROM viw.certificate_versions v WHERE v.id = c.current_version_id) AS current_version,
  coalesce((SELECT jsonb_agg(jsonb_build_object('virtual_host_id', h.id, 'server_id', s.id, 'server_name', s.name,
      'deployed_version_id', d.version_id, 'deployed_at', ${instant('d.proved_at')},
      'proof', d.proof,
      'served', CASE WHEN k.outcome IS NOT NULL THEN jsonb_build_object('outcome', k.outcome, 'detail', k.detail,
        'checked_at', ${instant('k.checked_at')}, 'since', ${instant('k.since')}) END) ORDER BY h.id)
    FROM viw.virtual_hosts h JOIN viw.nginx_servers s ON s.id = h.server_id
    LEFT JOIN viw.deployments d ON d.virtual_host_id = h.id AND d.is_current AND d.certificate_id = c.id
    LEFT JOIN viw.served_checks k ON k.virtual_host_id = h.id AND k.version_id = d.version_id
    WHERE h.certificate_id = c.id), '[]'::jsonb) AS used_by,
  (SELECT o.id FROM viw.certificate_operations o WHERE o.certificate_id = c.id ORDER BY o.id DESC LIMIT 1)
    AS last_operation_id,
  jsonb_build_object(
    'due_at', ${instant('p.due_at')}, 'reason', p.reason,
    'suggestion', CASE WHEN p.suggested_instant IS NOT NULL THEN jsonb_build_object(
      'window_start', ${instant('p.suggested_start')}, 'window_end', ${instant('p.suggested_end')},
      'explanation_url', p.suggestion_url, 'heard_at', ${instant('p.heard_at')}) END, 'note', p.note,
    'failure', CASE WHEN f.certificate_id IS NOT NULL THEN jsonb_build_object(
      'operation_id', f.operation_id, 'kind', f.next_kind, 'attempts', f.attempts,
      'since', ${instant('f.first_failed_at')}, 'at', ${instant('f.failed_at')},
      'next_attempt_at', ${instant('f.retry_at')}, 'code', f.code, 'problem_type', f.problem_type,
      'went_wrong', f.went_wrong, 'viw_does', f.viw_does, 'you_can', f.you_can) END) AS renewal`;

const source = sql`viw.certificates c
  LEFT JOIN viw.renewal_plans p ON p.certificate_id = c.id AND p.version_id = c.current_version_id
    AND c.state <> 'revoked'
  LEFT JOIN viw.certificate_failures f ON f.certificate_id = c.id`;

export class CertificateRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** State `pending`; its id. @throws AppError NOT_FOUND without such a DNS provider */
  async create(input: NewCertificate): Promise<string> {
    const id = uuidv7();
    const row = { ...input, id, names: [...input.names], current_version_id: null };
    try {
      await this.deps.db
        .insertInto('certificates')
        .values({ ...row, dns_provider_id: input.dns_provider_id ?? null })
        .execute();
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such DNS provider');
      throw error;
    }
    return id;
  }

  async get(id: string): Promise<Certificate | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await sql<Certificate>`
      SELECT ${columns} FROM ${source} WHERE c.id = ${id} AND c.deleted_at IS NULL`.execute(this.deps.db);
    return rows[0];
  }

  /** Newest first. `q`: part of one of its names. */
  async list(
    options: ListOptions & Scoped & { readonly q?: string | undefined } = {},
  ): Promise<Page<Certificate>> {
    const limit = limitOf(options);
    const before =
      options.cursor === undefined ? undefined : decodeCursor(options.cursor, [cursorShape.uuid])[0];
    const pattern = `%${(options.q ?? '').replace(/[\\%_]/g, '\\$&')}%`;
    const where = sql`c.deleted_at IS NULL AND ${certificateInScope(options.scope)} AND ${
      options.q ? sql`EXISTS (SELECT FROM unnest(c.names) AS n WHERE n ILIKE ${pattern})` : sql`true`
    }`;
    const { rows } = await sql<Certificate>`
      SELECT ${columns} FROM ${source}
      WHERE ${where} AND ${before === undefined ? sql`true` : sql`c.id < ${before}::uuid`}
      ORDER BY c.id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    const total = options.total
      ? (
          await sql<{ n: number }>`SELECT count(*) AS n FROM viw.certificates c WHERE ${where}`.execute(
            this.deps.db,
          )
        ).rows[0]?.n
      : undefined;
    return pageOf(
      rows,
      limit,
      (row) => [row.id],
      (row) => row,
      total,
    );
  }

  /** Hidden from then on, its virtual hosts are free; versions and operations stay as a record. False when there was none. */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const { rows } = await sql`
      WITH gone AS (UPDATE viw.certificates SET deleted_at = now(), dns_provider_id = NULL WHERE id = ${id} AND deleted_at IS NULL RETURNING id),
        freed AS (UPDATE viw.virtual_hosts v SET certificate_id = NULL FROM gone WHERE v.certificate_id = gone.id)
      SELECT 1 FROM gone`.execute(this.deps.db);
    return rows.length > 0;
  }
}
