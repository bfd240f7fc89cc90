import { type FleetRange, agentIdOf, hostMetricsOf } from '@viw/simulator';
import type { Pool } from 'pg';

/** How many gateways a filter by site and one by label find. */
export const PER_SITE = 100;
export const PER_RACK = 50;

/** What is known beforehand of a gateway. */
export interface KnownGateway {
  readonly agentId: string;
  readonly site: string;
  readonly rack: string;
  readonly cpuPct: number | null;
}

/** Sites are neighbours by id; the gateways of a rack lie all over the fleet. */
export const knownGateways = ({ prefix, first, agents }: FleetRange): KnownGateway[] =>
  Array.from({ length: agents }, (_, i) => ({
    agentId: agentIdOf(prefix, first + i),
    site: `site-${Math.floor(i / PER_SITE)}`,
    rack: `rack-${i % Math.floor(agents / PER_RACK)}`,
    cpuPct: hostMetricsOf(i, 1).cpu_pct ?? null,
  }));

/** As the backend and the telemetry-writer leave registered gateways that have told of themselves and are offline now. */
export async function storeGateways(
  gateways: readonly KnownGateway[],
  { pool }: { readonly pool: Pool },
): Promise<void> {
  const column = <T>(of: (gateway: KnownGateway, i: number) => T): T[] => gateways.map(of);
  const ids = column(({ agentId }) => agentId);
  await pool.query(
    `INSERT INTO viw.os_gateways (agent_id, display_name, site, labels, state, registered_at, first_seen_at, last_seen_at,
       version, hostname, os, kernel, supported_verbs)
     SELECT id, 'Gateway ' || id, site, jsonb_build_object('rack', rack, 'tier', 'edge'), 'offline', now(), now(), now(),
       '1.4.0', id, 'Debian 12', '6.1.0', '["get_system_health", "list_users"]'
     FROM unnest($1::text[], $2::text[], $3::text[]) AS g (id, site, rack)`,
    [ids, column(({ site }) => site), column(({ rack }) => rack)],
  );
  await pool.query(
    `INSERT INTO viw.os_gateway_status (agent_id, epoch, seq, ts, received_at, metrics, cpu_pct, mem_used_pct, load_1, sessions)
     SELECT id, 1, 1, now(), now(), metrics, cpu, 25, 0.4, 3 FROM unnest($1::text[], $2::jsonb[], $3::float8[]) AS s (id, metrics, cpu)`,
    [ids, column((_, i) => JSON.stringify(hostMetricsOf(i, 1))), column(({ cpuPct }) => cpuPct)],
  );
  await pool.query('ANALYZE viw.os_gateways, viw.os_gateway_status');
}
