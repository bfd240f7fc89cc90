import type { RegistryEntry } from '@viw/contracts';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { RepositoryDeps } from '../repository';

export interface RegistrySnapshot {
  version: number;
  frozen: boolean;
  gateways: RegistryEntry[];
}

/** What hubs are told of gateways. A hub's `signing_key` is the gateway's active key of kind `agent`. */
export class GatewayRegistryRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Version of the next delta. Call it inside the transaction that makes the change and enqueues the delta, before
   * enqueueing: other changes wait for the commit, so versions and outbox ids rise together.
   */
  async nextVersion(): Promise<number> {
    const { rows } = await sql<{ version: number }>`
      UPDATE viw.gateway_registry SET version = version + 1 RETURNING version`.execute(this.deps.db);
    return rows[0]?.version ?? 0;
  }

  /** Version of the delta, or undefined when it was so before. */
  async setFrozen(frozen: boolean, reason: string | null): Promise<number | undefined> {
    const { rows } = await sql<{ version: number }>`
      UPDATE viw.gateway_registry SET version = version + 1, frozen = ${frozen}, frozen_reason = ${reason},
        frozen_at = CASE WHEN ${frozen} THEN now() END
      WHERE frozen <> ${frozen} RETURNING version`.execute(this.deps.db);
    return rows[0]?.version;
  }

  /** One moment's view of everything; discovered gateways are not in it. */
  async snapshot(): Promise<RegistrySnapshot> {
    return inTransaction(this.deps.db, async (trx) => {
      // The lock waits for a change under way, so that version and gateways belong together.
      const { rows } = await sql<{ version: number; frozen: boolean }>`
        SELECT version, frozen FROM viw.gateway_registry FOR UPDATE`.execute(trx);
      const gateways =
        await sql<EntryRow>`${entries} WHERE g.state <> 'discovered' ORDER BY g.agent_id`.execute(trx);
      return {
        version: rows[0]?.version ?? 0,
        frozen: rows[0]?.frozen ?? false,
        gateways: gateways.rows.map(entryOf),
      };
    });
  }

  async entry(agentId: string): Promise<RegistryEntry | undefined> {
    const { rows } = await sql<EntryRow>`${entries} WHERE g.agent_id = ${agentId}`.execute(this.deps.db);
    return rows[0] && entryOf(rows[0]);
  }
}

interface EntryRow {
  agent_id: string;
  decommissioned: boolean;
  min_version: string | null;
  signing_key: NonNullable<RegistryEntry['signing_key']> | null;
}

const entries = sql`
  SELECT g.agent_id, g.state = 'decommissioned' AS decommissioned, g.min_version, c.public_jwk AS signing_key
  FROM viw.os_gateways g
  LEFT JOIN viw.gateway_credentials c ON c.agent_id = g.agent_id AND c.kind = 'agent' AND c.active`;

const entryOf = (row: EntryRow): RegistryEntry => ({
  agent_id: row.agent_id,
  state: row.decommissioned ? 'decommissioned' : 'active',
  ...(row.signing_key ? { signing_key: row.signing_key } : {}),
  ...(row.min_version === null ? {} : { min_version: row.min_version }),
});
