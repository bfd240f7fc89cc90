import type { TelemetryPoint } from '@viw/contracts';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { extractMetrics, minuteOf, startOf } from './newest-frames';

/** As `jsonb[]`, sent as one JSON text: in an array literal every quote of every element would have to be escaped. */
const jsonbArray = (values: readonly unknown[]) =>
  sql`ARRAY(SELECT value FROM jsonb_array_elements(${JSON.stringify(values)}::jsonb) WITH ORDINALITY AS e (value, n) ORDER BY n)`;

/**
 * At most one frame per agent. A hub's clock that is ahead MUST not make a gateway look heard of in the future.
 * @returns agents whose status moved on, sorted
 */
export async function upsertStatus(db: Db, frames: readonly TelemetryPoint[]): Promise<string[]> {
  const numbers = frames.map((frame) => extractMetrics(frame.metrics));
  const { rows } = await sql<{ agent_id: string }>`
    INSERT INTO viw.os_gateway_status AS s
      (agent_id, epoch, seq, ts, received_at, metrics, cpu_pct, mem_used_pct, load_1, sessions)
    SELECT agent_id, epoch, seq, ts, least(received_at, now()), metrics, cpu_pct, mem_used_pct, load_1, sessions
    FROM unnest(
      ${frames.map((f) => f.agent_id)}::text[], ${frames.map((f) => f.epoch)}::bigint[],
      ${frames.map((f) => f.seq)}::bigint[], ${frames.map((f) => f.ts)}::timestamptz[],
      ${frames.map((f) => f.received_at)}::timestamptz[], ${jsonbArray(frames.map((f) => f.metrics))},
      ${numbers.map((n) => n.cpu_pct)}::float8[], ${numbers.map((n) => n.mem_used_pct)}::float8[],
      ${numbers.map((n) => n.load_1)}::float8[], ${numbers.map((n) => n.sessions)}::float8[])
      AS i (agent_id, epoch, seq, ts, received_at, metrics, cpu_pct, mem_used_pct, load_1, sessions)
    ON CONFLICT (agent_id) DO UPDATE SET
      epoch = excluded.epoch, seq = excluded.seq, ts = excluded.ts, received_at = excluded.received_at,
      metrics = excluded.metrics, cpu_pct = excluded.cpu_pct, mem_used_pct = excluded.mem_used_pct,
      load_1 = excluded.load_1, sessions = excluded.sessions
    WHERE (excluded.epoch, excluded.seq) > (s.epoch, s.seq)
    RETURNING agent_id`.execute(db);
  return rows.map((row) => row.agent_id).sort();
}

/** At most one frame per agent and minute. @returns how many points were stored or replaced */
export async function upsertPoints(db: Db, frames: readonly TelemetryPoint[]): Promise<number> {
  if (frames.length === 0) return 0;
  const numbers = frames.map((frame) => extractMetrics(frame.metrics));
  const { rows } = await sql`
    INSERT INTO viw.os_gateway_points AS p (agent_id, bucket, epoch, seq, cpu_pct, mem_used_pct, load_1, sessions)
    SELECT * FROM unnest(
      ${frames.map((f) => f.agent_id)}::text[], ${frames.map((f) => startOf(minuteOf(f)))}::timestamptz[],
      ${frames.map((f) => f.epoch)}::bigint[], ${frames.map((f) => f.seq)}::bigint[],
      ${numbers.map((n) => n.cpu_pct)}::float8[], ${numbers.map((n) => n.mem_used_pct)}::float8[],
      ${numbers.map((n) => n.load_1)}::float8[], ${numbers.map((n) => n.sessions)}::float8[])
    ON CONFLICT (agent_id, bucket) DO UPDATE SET
      epoch = excluded.epoch, seq = excluded.seq, cpu_pct = excluded.cpu_pct,
      mem_used_pct = excluded.mem_used_pct, load_1 = excluded.load_1, sessions = excluded.sessions
    WHERE (excluded.epoch, excluded.seq) > (p.epoch, p.seq)
    RETURNING 1`.execute(db);
  return rows.length;
}
