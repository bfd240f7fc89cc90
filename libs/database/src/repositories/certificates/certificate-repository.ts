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

export type Retirement = 'retired' | 'in_use' | 'revoking' | 'gone';

const instant = (column: string) =>
  sql.raw(`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

const columns = sql`
  c.id, c.names, c.issuer, c.challenge, c.dns_provider_id, c.http_via, c.key_type, c.state, c.created_at,
  ${instant('c.deleted_at')} AS retired_at,
  (SELECT jsonb_build_object('id', v.id, 'serial', v.serial, 'fingerprint_sha256', v.fingerprint_sha256,
      'issuer', v.issuer, 'names', v.names, 'not_before', ${instant('v.not_before')},
      'not_after', ${instant('v.not_after')}, 'created_at', ${instant('v.created_at')},
      'revoked_at', ${instant('v.revoked_at')}, 'quarantined_at', ${instant('v.quarantined_at')},
      'key_destroyed_at', ${instant('v.key_destroyed_at')})
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
    AND c.in_service
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

  /** Undefined for a retired one, too: nothing is done with it any more. */
  async get(id: string): Promise<Certificate | undefined> {
    const found = await this.find(id);
    return found?.retired_at === null ? found : undefined;
  }

  /** A retired one, too: its history stays readable. */
  async find(id: string): Promise<Certificate | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await sql<Certificate>`
      SELECT ${columns} FROM ${source} WHERE c.id = ${id}`.execute(this.deps.db);
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

  /**
   * Out of service for good: its keys are destroyed, work on it is ended; versions and operations stay as a record.
   * `in_use`: virtual hosts are to serve it; `revoking`: a revocation is not done yet; `gone`: there is none, or it was retired
   * before. Nothing is changed then.
   */
  async retire(id: string): Promise<Retirement> {
    if (!isUuid(id)) return 'gone';
    const { rows } = await sql<{ outcome: Retirement }>`
      SELECT viw.retire_certificate(${id}::uuid) AS outcome`.execute(this.deps.db);
    return rows[0]!.outcome;
  }
}
