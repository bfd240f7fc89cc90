import type { GatewayRegister, GatewayState, GatewaySummary } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import { EnrollmentTokenRepository } from './enrollment-token-repository';
import { GatewayCredentialRepository } from './gateway-credential-repository';
import type { GatewayDetail, GatewaySummaryRow } from './gateway-record';
import { detailColumns, summaryColumns } from './gateway-record';
import type { Scoped } from '../access/scope-conditions';
import { gatewayInScope } from '../access/scope-conditions';
import type { RepositoryDeps } from '../repository';

export interface GatewayFilter extends ListOptions, Scoped {
  readonly site?: string | undefined;
  /** `key=value` */
  readonly label?: string | undefined;
  readonly status?: GatewayState | undefined;
  /** Part of the agent id, display name or host name; letter case does not matter. */
  readonly q?: string | undefined;
}

export interface GatewayPatch {
  readonly display_name?: string | null | undefined;
  readonly site?: string | null | undefined;
  readonly labels?: Record<string, string> | undefined;
  readonly min_version?: string | null | undefined;
  readonly allow_plain_secrets?: boolean | undefined;
  readonly public_keys?: GatewayRegister['public_keys'];
}

/** The inventory, as people see and change it. */
export class GatewayRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * A gateway that is expected, or the adoption of a discovered one, which keeps its facts.
   * @throws AppError ALREADY_EXISTS when it is registered, CONFLICT when it was decommissioned
   */
  async register(input: GatewayRegister): Promise<GatewayDetail> {
    return inTransaction(this.deps.db, async (trx) => {
      const labels = JSON.stringify(input.labels ?? {});
      const { rows } = await sql`
        INSERT INTO viw.os_gateways AS g (agent_id, display_name, site, labels, min_version, state, registered_at)
        VALUES (${input.agent_id}, ${input.display_name ?? null}, ${input.site ?? null}, ${labels}::jsonb,
                ${input.min_version ?? null}, 'expected', now())
        ON CONFLICT (agent_id) DO UPDATE SET
          display_name = excluded.display_name, site = coalesce(excluded.site, g.site), labels = excluded.labels,
          min_version = excluded.min_version, registered_at = now(),
          state = CASE WHEN g.connected THEN 'connected' ELSE 'offline' END
        WHERE g.state = 'discovered'
        RETURNING agent_id`.execute(trx);
      const repository = new GatewayRepository({ db: trx });
      if (rows.length === 0) throw await repository.refusal(input.agent_id);
      await new GatewayCredentialRepository({ db: trx }).setPublicKeys(input.agent_id, input.public_keys);
      return repository.require(input.agent_id);
    });
  }

  /** What is not given stays. @throws AppError NOT_FOUND (a decommissioned one is not changed either) */
  async patch(agentId: string, patch: GatewayPatch): Promise<GatewayDetail> {
    return inTransaction(this.deps.db, async (trx) => {
      const { labels, public_keys, ...plain } = patch;
      const values = {
        ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
        ...(labels === undefined ? {} : { labels: JSON.stringify(labels) }),
      };
      const row = await trx
        .updateTable('os_gateways')
        .set({ ...values, agent_id: agentId })
        .where('agent_id', '=', agentId)
        .where('state', '!=', 'decommissioned')
        .returning('agent_id')
        .executeTakeFirst();
      if (!row) throw new AppError('NOT_FOUND', `No gateway ${agentId}`);
      await new GatewayCredentialRepository({ db: trx }).setPublicKeys(agentId, public_keys);
      return new GatewayRepository({ db: trx }).require(agentId);
    });
  }

  /** For good: no HELLO revives it. Its credentials are revoked. False when it was decommissioned before. @throws AppError NOT_FOUND */
  async decommission(agentId: string): Promise<boolean> {
    return inTransaction(this.deps.db, async (trx) => {
      const { rows } = await sql<{ state: GatewayState }>`
        SELECT state FROM viw.os_gateways WHERE agent_id = ${agentId} FOR UPDATE`.execute(trx);
      if (!rows[0]) throw new AppError('NOT_FOUND', `No gateway ${agentId}`);
      if (rows[0].state === 'decommissioned') return false;
      await sql`UPDATE viw.os_gateways SET state = 'decommissioned', connected = false, decommissioned_at = now()
        WHERE agent_id = ${agentId}`.execute(trx);
      await new GatewayCredentialRepository({ db: trx }).revokeAll(agentId);
      await new EnrollmentTokenRepository({ db: trx }).voidOpen(agentId);
      return true;
    });
  }

  /**
   * Nothing that it has so far proves it any more, the secret that all agents share included: it comes back with a new
   * key or certificate. False when there was nothing left to revoke.
   * @throws AppError NOT_FOUND (a discovered or decommissioned one likewise: there is nothing to take from it)
   */
  async revokeCredentials(agentId: string): Promise<boolean> {
    return inTransaction(this.deps.db, async (trx) => {
      const { rows } = await sql<{ revoked: boolean }>`
        SELECT revoked_at IS NOT NULL AS revoked FROM viw.os_gateways
        WHERE agent_id = ${agentId} AND state NOT IN ('discovered', 'decommissioned') FOR UPDATE`.execute(
        trx,
      );
      if (!rows[0]) throw new AppError('NOT_FOUND', `No registered gateway ${agentId}`);
      const revoked = await new GatewayCredentialRepository({ db: trx }).revokeAll(agentId);
      // A token made before may be in the hands that this is to close out.
      await new EnrollmentTokenRepository({ db: trx }).voidOpen(agentId);
      await sql`UPDATE viw.os_gateways SET revoked_at = coalesce(revoked_at, now())
        WHERE agent_id = ${agentId}`.execute(trx);
      return revoked > 0 || !rows[0].revoked;
    });
  }

  async get(agentId: string): Promise<GatewayDetail | undefined> {
    const { rows } = await sql<GatewayDetail>`
      SELECT ${detailColumns} FROM viw.os_gateways g LEFT JOIN viw.os_gateway_status s USING (agent_id)
      WHERE g.agent_id = ${agentId}`.execute(this.deps.db);
    return rows[0];
  }

  /** By agent id. Decommissioned ones only when `status` asks for them. */
  async list(filter: GatewayFilter = {}): Promise<Page<GatewaySummary>> {
    const where = conditions(filter);
    const [after] = filter.cursor === undefined ? [] : decodeCursor(filter.cursor, [cursorShape.agentId]);
    const limit = limitOf(filter);
    const { rows } = await sql<GatewaySummaryRow>`
      SELECT ${summaryColumns} FROM viw.os_gateways g LEFT JOIN viw.os_gateway_status s USING (agent_id)
      WHERE ${where} AND ${after === undefined ? sql`true` : sql`g.agent_id > ${after}`}
      ORDER BY g.agent_id LIMIT ${limit + 1}`.execute(this.deps.db);
    const total = filter.total ? await this.count(where) : undefined;
    return pageOf(
      rows,
      limit,
      (row) => [row.agent_id],
      (row) => row,
      total,
    );
  }

  private async count(where: ReturnType<typeof conditions>): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*) AS n FROM viw.os_gateways g WHERE ${where}`.execute(this.deps.db);
    return rows[0]?.n ?? 0;
  }

  private async require(agentId: string): Promise<GatewayDetail> {
    const gateway = await this.get(agentId);
    if (!gateway) throw new AppError('NOT_FOUND', `No gateway ${agentId}`);
    return gateway;
  }

  private async refusal(agentId: string): Promise<AppError> {
    const gateway = await this.get(agentId);
    return gateway?.state === 'decommissioned'
      ? new AppError('CONFLICT', `Gateway ${agentId} was decommissioned`)
      : new AppError('ALREADY_EXISTS', `Gateway ${agentId} is registered already`);
  }
}

function conditions(filter: GatewayFilter) {
  const parts = [
    filter.status === undefined ? sql`g.state <> 'decommissioned'` : sql`g.state = ${filter.status}`,
  ];
  parts.push(gatewayInScope(filter.scope));
  if (filter.site !== undefined) parts.push(sql`coalesce(g.site, g.reported_site) = ${filter.site}`);
  if (filter.label !== undefined) {
    const at = filter.label.indexOf('=');
    if (at < 1)
      throw new AppError('VALIDATION_FAILED', 'label is key=value', {
        meta: { errors: [{ path: 'label', msg: 'key=value' }] },
      });
    const label = JSON.stringify({ [filter.label.slice(0, at)]: filter.label.slice(at + 1) });
    parts.push(sql`g.labels @> ${label}::jsonb`);
  }
  if (filter.q !== undefined && filter.q !== '') {
    const pattern = `%${filter.q.replace(/[\\%_]/g, '\\$&')}%`;
    parts.push(
      sql`(g.agent_id ILIKE ${pattern} OR g.display_name ILIKE ${pattern} OR g.hostname ILIKE ${pattern})`,
    );
  }
  return sql.join(parts, sql` AND `);
}
