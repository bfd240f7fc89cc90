import { freemem, totalmem } from 'node:os';
import type { Client } from '@viw/client';
import { eventually } from '@viw/testing';
import { Client as Postgres } from 'pg';
import type { DemoManifest } from '../manifest';

/** Every gateway has a status row with this machine's real memory size, and the API shows it. */
export async function telemetryArrived(api: Client, manifest: DemoManifest): Promise<void> {
  const postgres = new Postgres({ connectionString: manifest.database_url });
  await postgres.connect();
  try {
    await eventually(
      async () => {
        for (const { agent_id } of manifest.gateways) {
          const { rows } = await postgres.query<{ total_mb: number }>(
            `select (metrics->'mem'->>'total_mb')::float as total_mb from viw.os_gateway_status where agent_id = $1`,
            [agent_id],
          );
          const total = rows[0]?.total_mb;
          const real = totalmem() / 1024 / 1024;
          if (total === undefined) throw new Error(`${agent_id}: no row in os_gateway_status yet`);
          if (Math.abs(total - real) > real * 0.05)
            throw new Error(`${agent_id}: ${total} MB, but the host has ${real} MB`);
        }
      },
      { timeoutMs: 30_000, everyMs: 200, what: 'telemetry in Postgres' },
    );
  } finally {
    await postgres.end();
  }
  for (const { agent_id } of manifest.gateways) {
    const gateway = await api.gateways.get(agent_id);
    const used = gateway.metrics?.mem?.used_mb;
    if (used === undefined) throw new Error(`${agent_id}: the API shows no memory in use`);
    const realFree = freemem() / 1024 / 1024;
    if (used <= 0 || realFree <= 0) throw new Error(`${agent_id}: ${used} MB in use is not plausible`);
  }
}
