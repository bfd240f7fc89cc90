import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TelemetryPoint, streams, telemetryBody } from '@viw/contracts';
import type Redis from 'ioredis';
import type { Client as Postgres } from 'pg';

/** What the hub had confirmed to its agents: every frame that stands in the stream. */
export async function confirmedTelemetry(redis: Redis): Promise<TelemetryPoint[]> {
  const entries = await redis.xrange(streams.telemetry, '-', '+');
  return entries.flatMap(([, fields]) => {
    const body = fields[fields.indexOf('body') + 1] ?? '';
    return telemetryBody.parse(JSON.parse(body)).frames;
  });
}

/**
 * Everything confirmed must be in Postgres: the newest state of each agent is at least as new, and each minute has its
 * point. @throws Error naming what is missing
 */
export async function telemetryIsStored(
  confirmed: readonly TelemetryPoint[],
  postgres: Postgres,
): Promise<void> {
  if (confirmed.length === 0) throw new Error('no telemetry was confirmed: the check proves nothing');
  const newest = new Map<string, TelemetryPoint>();
  const minutes = new Set<string>();
  for (const frame of confirmed) {
    const known = newest.get(frame.agent_id);
    if (!known || [frame.epoch - known.epoch, frame.seq - known.seq].find((step) => step !== 0)! > 0) {
      newest.set(frame.agent_id, frame);
    }
    minutes.add(`${frame.agent_id} ${Math.floor(Date.parse(frame.received_at) / 60_000)}`);
  }
  for (const frame of newest.values()) {
    const { rows } = await postgres.query<{ stored: boolean }>(
      'select (epoch, seq) >= ($2::bigint, $3::bigint) as stored from viw.os_gateway_status where agent_id = $1',
      [frame.agent_id, frame.epoch, frame.seq],
    );
    if (!rows[0]?.stored)
      throw new Error(`${frame.agent_id}: frame ${frame.epoch}/${frame.seq} was confirmed and is not stored`);
  }
  const { rows } = await postgres.query<{ minute: string }>(
    `select agent_id || ' ' || floor(extract(epoch from bucket) / 60)::bigint as minute from viw.os_gateway_points`,
  );
  const stored = new Set(rows.map((row) => row.minute));
  const missing = [...minutes].filter((minute) => !stored.has(minute));
  if (missing.length > 0) throw new Error(`minutes without a point: ${missing.join(', ')}`);
}

/** How often each user name stands in the gateway's files: the effect of the commands on the host. */
export async function effectsOnHost(scriptsRoot: string, prefix: string): Promise<Map<string, number>> {
  const state = join(scriptsRoot, 'state');
  const counts = new Map<string, number>();
  for (const file of await readdir(state)) {
    const text = await readFile(join(state, file), 'utf8');
    for (const [name] of text.matchAll(new RegExp(`${prefix}[0-9]+`, 'g')))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
