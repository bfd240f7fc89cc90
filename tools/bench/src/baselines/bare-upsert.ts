import type { TelemetryPoint } from '@viw/contracts';
import type { Pool } from 'pg';
import { minuteOf } from '../telemetry/telemetry-frames';

const BATCH = 500;

const upsertStatus = `
  INSERT INTO viw.os_gateway_status
    (agent_id, epoch, seq, ts, received_at, metrics, cpu_pct, mem_used_pct, load_1, sessions)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::jsonb[],
    $7::float8[], $8::float8[], $9::float8[], $10::float8[])
  ON CONFLICT (agent_id) DO UPDATE SET
    epoch = excluded.epoch, seq = excluded.seq, ts = excluded.ts, received_at = excluded.received_at,
    metrics = excluded.metrics, cpu_pct = excluded.cpu_pct, mem_used_pct = excluded.mem_used_pct,
    load_1 = excluded.load_1, sessions = excluded.sessions`;

const upsertPoints = `
  INSERT INTO viw.os_gateway_points (agent_id, bucket, epoch, seq, cpu_pct, mem_used_pct, load_1, sessions)
  SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[],
    $5::float8[], $6::float8[], $7::float8[], $8::float8[])
  ON CONFLICT (agent_id, bucket) DO UPDATE SET
    epoch = excluded.epoch, seq = excluded.seq, cpu_pct = excluded.cpu_pct,
    mem_used_pct = excluded.mem_used_pct, load_1 = excluded.load_1, sessions = excluded.sessions`;

interface Batch {
  readonly status: readonly (readonly unknown[])[];
  readonly points: readonly (readonly unknown[])[];
}

/**
 * What Postgres can do with these rows when nothing else has to be done: no stream, no validation, no guard, one
 * statement per 500 rows and table, on one connection. The columns are made before the clock starts.
 */
export class BareUpsert {
  readonly #batches: readonly Batch[];
  readonly #rows: number;

  /** @param frames no 500 consecutive ones that begin at a multiple of 500 may repeat an agent */
  constructor(
    frames: readonly TelemetryPoint[],
    private readonly deps: { readonly pool: Pool },
  ) {
    this.#rows = frames.length;
    this.#batches = Array.from({ length: Math.ceil(frames.length / BATCH) }, (_, i) =>
      columns(frames.slice(i * BATCH, (i + 1) * BATCH)),
    );
  }

  /** Frames per second: a row of `os_gateway_status` each, and with `points` one of `os_gateway_points` too. */
  async run({ points }: { points: boolean }): Promise<number> {
    const client = await this.deps.pool.connect();
    try {
      const startedAt = performance.now();
      for (const batch of this.#batches) {
        await client.query(upsertStatus, [...batch.status]);
        if (points) await client.query(upsertPoints, [...batch.points]);
      }
      return this.#rows / ((performance.now() - startedAt) / 1_000);
    } finally {
      client.release();
    }
  }
}

function columns(frames: readonly TelemetryPoint[]): Batch {
  const [ids, epochs, seqs] = [
    frames.map((f) => f.agent_id),
    frames.map((f) => f.epoch),
    frames.map((f) => f.seq),
  ];
  const numbers = [
    frames.map((f) => f.metrics.cpu_pct ?? null),
    frames.map((f) => (100 * (f.metrics.mem?.used_mb ?? 0)) / (f.metrics.mem?.total_mb ?? 1)),
    frames.map((f) => f.metrics.loadavg?.[0] ?? null),
    frames.map((f) => f.metrics.sessions ?? null),
  ];
  return {
    status: [
      ids,
      epochs,
      seqs,
      frames.map((f) => f.ts),
      frames.map((f) => f.received_at),
      frames.map((f) => JSON.stringify(f.metrics)),
      ...numbers,
    ],
    points: [ids, frames.map(minuteOf), epochs, seqs, ...numbers],
  };
}
