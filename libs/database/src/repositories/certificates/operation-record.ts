import type { Operation } from '@viw/contracts';
import { sql } from 'kysely';

/** `o` is certificate_operations. */
export const operationColumns = sql`
  o.id, o.certificate_id, o.kind, o.status, o.issued_by_name AS issued_by, o.created_at, o.started_at, o.finished_at,
  o.order_state,
  CASE WHEN o.error_code IS NOT NULL
    THEN jsonb_build_object('code', o.error_code, 'msg', coalesce(o.error_msg, '')) END AS error,
  coalesce((SELECT jsonb_agg(jsonb_build_object('step', s.step, 'status', s.status,
      'virtual_host_id', s.virtual_host_id, 'detail', s.detail, 'duration_ms', s.duration_ms,
      'at', to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY s.id)
    FROM viw.certificate_operation_steps s WHERE s.operation_id = o.id), '[]'::jsonb) AS steps,
  coalesce((SELECT jsonb_agg(jsonb_build_object('name', m.name, 'record', m.record, 'value', m.value,
      'state', CASE WHEN m.state = 'waiting' AND m.expires_at <= now() THEN 'expired' ELSE m.state END,
      'expires_at', to_char(m.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY m.record, m.value)
    FROM viw.manual_records m WHERE m.operation_id = o.id), '[]'::jsonb) AS manual_records,
  (SELECT jsonb_build_object('total', count(*), 'done', count(*) FILTER (WHERE t.state = 'done'),
      'failed', count(*) FILTER (WHERE t.state = 'failed'), 'skipped', count(*) FILTER (WHERE t.state = 'skipped'),
      'percent', floor(100.0 * count(*) FILTER (WHERE t.state = 'done') / count(*))::int,
      'targets', jsonb_agg(jsonb_build_object('virtual_host_id', t.virtual_host_id, 'server_id', t.server_id,
        'server_name', t.server_name, 'wave', t.wave, 'state', t.state, 'detail', t.detail)
        ORDER BY t.wave, t.server_name, t.virtual_host_id))
    FROM viw.certificate_operation_targets t WHERE t.operation_id = o.id HAVING count(*) > 0) AS rollout`;

export type OperationRow = Operation;
