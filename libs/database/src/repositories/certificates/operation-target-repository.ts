import type { RolloutTarget } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { sql } from 'kysely';
import { auditLine, operationAsker } from '../audit/work-audit';
import type { RepositoryDeps } from '../repository';

export type PlannedTarget = Pick<RolloutTarget, 'virtual_host_id' | 'server_id' | 'server_name' | 'wave'>;

/** Where an operation deploys to, as the worker that has claimed it knows. */
export class OperationTargetRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * The plan, once more after each claim: what is done stays done, everything else waits again.
   * @returns virtual hosts that are done already
   * @throws AppError CONFLICT when the lease is lost
   */
  async plan(
    operationId: string,
    fencing: number,
    targets: readonly PlannedTarget[],
  ): Promise<ReadonlySet<string>> {
    const { rows } = await sql<{ virtual_host_id: string; state: string }>`
      WITH held AS (SELECT id FROM viw.certificate_operations
        WHERE id = ${operationId} AND status = 'running' AND fencing = ${fencing} FOR UPDATE)
      INSERT INTO viw.certificate_operation_targets AS t (operation_id, virtual_host_id, server_id, server_name, wave)
      SELECT held.id, p.virtual_host_id, p.server_id, p.server_name, p.wave
      FROM held, jsonb_to_recordset(${JSON.stringify(targets)}::jsonb)
        AS p(virtual_host_id uuid, server_id uuid, server_name text, wave int)
      ON CONFLICT (operation_id, virtual_host_id) DO UPDATE SET wave = excluded.wave, detail = NULL,
        state = CASE WHEN t.state = 'done' THEN 'done' ELSE 'waiting' END
      RETURNING virtual_host_id, state`.execute(this.deps.db);
    if (rows.length !== targets.length) throw new AppError('CONFLICT', 'The lease on the operation is lost');
    return new Set(rows.filter(({ state }) => state === 'done').map((row) => row.virtual_host_id));
  }

  /**
   * An end stands in the audit log too, and whether the server was rolled back.
   * @throws AppError CONFLICT when the lease is lost
   */
  async setState(
    operationId: string,
    fencing: number,
    virtualHostIds: readonly string[],
    state: 'running' | 'done' | 'failed' | 'skipped',
    {
      detail,
      rollback,
    }: { readonly detail?: string; readonly rollback?: 'done' | 'failed' | undefined } = {},
  ): Promise<void> {
    if (virtualHostIds.length === 0) return;
    const { rows } = await sql`
      WITH changed AS (UPDATE viw.certificate_operation_targets t SET state = ${state}, detail = ${detail ?? null},
        started_at = CASE WHEN ${state} = 'running' THEN now() ELSE t.started_at END,
        finished_at = CASE WHEN ${state} = 'running' THEN NULL ELSE now() END
      FROM viw.certificate_operations o
      WHERE o.id = ${operationId} AND o.status = 'running' AND o.fencing = ${fencing}
        AND t.operation_id = o.id AND t.virtual_host_id = ANY(${[...virtualHostIds]}::uuid[])
      RETURNING t.virtual_host_id, t.server_id, t.server_name),
      line AS (INSERT INTO ${auditLine}
        SELECT ${operationAsker}, l.action, 'virtual_host', changed.virtual_host_id::text, l.outcome,
          jsonb_build_object('operation_id', o.id, 'certificate_id', o.certificate_id, 'server_id', changed.server_id,
            'server', changed.server_name)
        FROM changed JOIN viw.certificate_operations o ON o.id = ${operationId}
        JOIN jsonb_to_recordset(${JSON.stringify(linesOf(state, rollback))}::jsonb) AS l(action text, outcome text) ON true)
      SELECT 1 FROM changed`.execute(this.deps.db);
    if (rows.length === 0) throw new AppError('CONFLICT', 'The lease on the operation is lost');
  }
}

const linesOf = (state: string, rollback?: 'done' | 'failed') => [
  ...(state === 'done' || state === 'failed'
    ? [{ action: 'certificate.deploy_to_server', outcome: state === 'done' ? 'success' : 'failure' }]
    : []),
  ...(rollback
    ? [{ action: 'certificate.roll_back_server', outcome: rollback === 'done' ? 'success' : 'failure' }]
    : []),
];
