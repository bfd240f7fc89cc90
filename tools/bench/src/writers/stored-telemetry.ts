import type { Pool } from 'pg';
import { type Fleet, minuteOf } from '../telemetry/telemetry-frames';

/** The tables as before the first frame: every gateway known and connected, no status, no points. */
export async function emptyTables({ agents, frames }: Fleet, pool: Pool): Promise<void> {
  await pool.query('TRUNCATE viw.os_gateway_status, viw.os_gateway_points, viw.os_gateways CASCADE');
  await pool.query(
    `INSERT INTO viw.os_gateways (agent_id, state, connected, session_id, epoch, last_seen_at)
     SELECT agent_id, 'connected', true, session_id, $3, $4::timestamptz
     FROM unnest($1::text[], $2::text[]) AS a (agent_id, session_id)`,
    [
      agents.map((each) => each.agent_id),
      agents.map((each) => each.session_id),
      frames[0]?.epoch,
      frames[0]?.received_at,
    ],
  );
  const days = [...new Set(frames.map((frame) => minuteOf(frame).slice(0, 10)))];
  await pool.query('SELECT viw.ensure_point_partition(day) FROM unnest($1::date[]) AS day', [days]);
}

/** @throws Error when a gateway's newest frame, or a minute's newest point is not stored exactly so, or a gateway is not connected */
export async function checkStored({ agents, frames }: Fleet, pool: Pool): Promise<void> {
  const statuses = new Map(frames.map((frame) => [frame.agent_id, fact(frame)]));
  const points = new Map(frames.map((frame) => [`${frame.agent_id} ${minuteOf(frame)}`, fact(frame)]));
  const status = await pool.query<Stored & { metrics: { uptime_s: number } }>(
    'SELECT agent_id AS key, seq::int, cpu_pct, received_at FROM viw.os_gateway_status',
  );
  compare('status', statuses, status.rows);
  const point = await pool.query<Stored>(
    `SELECT agent_id || ' ' || to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:00.000"Z"') AS key,
       seq::int, cpu_pct FROM viw.os_gateway_points`,
  );
  compare('point', points, point.rows);
  const { rows } = await pool.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM viw.os_gateways WHERE connected',
  );
  if (rows[0]?.n !== agents.length)
    throw new Error(`${rows[0]?.n} of ${agents.length} gateways are connected`);
}

interface Stored {
  readonly key: string;
  readonly seq: number;
  readonly cpu_pct: number;
}

const fact = (of: { seq: number; metrics: { cpu_pct?: number | undefined } }): string =>
  `${of.seq} ${of.metrics.cpu_pct}`;

function compare(what: string, expected: ReadonlyMap<string, string>, stored: readonly Stored[]): void {
  const wrong = stored.filter(({ key, seq, cpu_pct }) => expected.get(key) !== `${seq} ${cpu_pct}`);
  if (wrong.length > 0 || stored.length !== expected.size)
    throw new Error(
      `${what}: ${stored.length} rows of ${expected.size}, ${wrong.length} of them not the newest frame`,
    );
}
