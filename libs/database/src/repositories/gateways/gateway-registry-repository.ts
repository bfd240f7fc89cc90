import type {
  FreezeState,
  GatewayRegistryBody,
  GatewayRegistrySnapshot,
  RegistryEntry,
} from '@viw/contracts';
import { advisoryLocks } from '@viw/contracts';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { RepositoryDeps } from '../repository';
import { HostPolicyRepository } from '../trust/host-policy-repository';

/** Changes that a backup can be behind: at one a second, three decades of them. */
const MAX_FORGOTTEN = 1_000_000_000;

/** What hubs are told of gateways. A hub's `signing_key` is the gateway's key of kind `agent`. */
export class GatewayRegistryRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * The next delta, about one gateway; undefined for one that hubs know nothing of. Call it in the transaction that makes
   * the change and enqueues the delta: other changes wait for the commit, so versions and outbox ids rise together.
   */
  async gatewayDelta(
    agentId: string,
  ): Promise<Extract<GatewayRegistryBody, { kind: 'gateway' }> | undefined> {
    const version = await this.lockVersion();
    const { rows } = await sql<EntryRow>`${entries} AND g.agent_id = ${agentId}`.execute(this.deps.db);
    if (!rows[0]) return undefined;
    await this.raiseVersion(version + 1);
    return { kind: 'gateway', version: version + 1, entry: entryOf(rows[0]) };
  }

  /**
   * The delta, or undefined when it was so before. For the caller's transaction, as `gatewayDelta`. Waits for commands that
   * are just being accepted, so that none is accepted after a freeze.
   * @param first enqueues what hubs are to hear before it; `freezeState` is the new one then
   */
  async freezeDelta(
    frozen: boolean,
    reason: string | null,
    first: () => Promise<void> = async () => undefined,
  ): Promise<Extract<GatewayRegistryBody, { kind: 'freeze' }> | undefined> {
    await sql`SELECT pg_advisory_xact_lock(${advisoryLocks.commandAcceptance})`.execute(this.deps.db);
    const { rows } = await sql`
      UPDATE viw.gateway_registry SET frozen = ${frozen}, frozen_reason = ${reason},
        frozen_at = CASE WHEN ${frozen} THEN now() END
      WHERE frozen <> ${frozen} RETURNING 1`.execute(this.deps.db);
    if (rows.length === 0) return undefined;
    await first();
    const version = (await this.lockVersion()) + 1;
    await this.raiseVersion(version);
    return { kind: 'freeze', version, frozen };
  }

  /** Until the end of the caller's transaction nobody else changes what hubs and hosts are told. */
  async lock(): Promise<void> {
    await this.lockVersion();
  }

  /** The delta by which hubs pass these on to hosts. For the caller's transaction, as `gatewayDelta`. */
  async hostPolicyDelta(
    policies: readonly string[],
  ): Promise<Extract<GatewayRegistryBody, { kind: 'host_policy' }>> {
    const version = (await this.lockVersion()) + 1;
    await this.raiseVersion(version);
    return { kind: 'host_policy', version, policies: [...policies] };
  }

  async freezeState(): Promise<FreezeState> {
    const { rows } = await sql<FreezeState>`
      SELECT frozen, frozen_reason AS reason, frozen_at FROM viw.gateway_registry`.execute(this.deps.db);
    return rows[0] ?? { frozen: true, reason: null, frozen_at: null };
  }

  async version(): Promise<number> {
    const { rows } = await sql<{
      version: number;
    }>`SELECT version FROM viw.gateway_registry`.execute(this.deps.db);
    return rows[0]?.version ?? 0;
  }

  /**
   * Raises the version above one that hubs know already, which this database has forgotten. `implausible`: it cannot have
   * forgotten so many changes, and nothing has happened.
   */
  async liftAbove(known: number): Promise<'lifted' | 'unneeded' | 'implausible'> {
    const { rows } = await sql`
      UPDATE viw.gateway_registry SET version = ${known}::bigint + 1
      WHERE version < ${known}::bigint AND version >= ${known - MAX_FORGOTTEN}::bigint RETURNING version`.execute(
      this.deps.db,
    );
    if (rows.length > 0) return 'lifted';
    return (await this.version()) < known ? 'implausible' : 'unneeded';
  }

  /** One moment's view of everything; discovered gateways are not in it. */
  async snapshot(): Promise<GatewayRegistrySnapshot> {
    return inTransaction(this.deps.db, async (trx) => {
      // The lock waits for a change under way, so that version and gateways belong together.
      const { rows } = await sql<{ version: number; frozen: boolean }>`
        SELECT version, frozen FROM viw.gateway_registry FOR UPDATE`.execute(trx);
      const gateways = await sql<EntryRow>`${entries} ORDER BY g.agent_id`.execute(trx);
      return {
        version: rows[0]?.version ?? 0,
        // On doubt nothing is sent.
        frozen: rows[0]?.frozen ?? true,
        gateways: gateways.rows.map(entryOf),
        host_policies: await new HostPolicyRepository({ db: trx }).chain(),
      };
    });
  }

  private async lockVersion(): Promise<number> {
    const { rows } = await sql<{ version: number }>`
      SELECT version FROM viw.gateway_registry FOR UPDATE`.execute(this.deps.db);
    return rows[0]?.version ?? 0;
  }

  private async raiseVersion(version: number): Promise<void> {
    await sql`UPDATE viw.gateway_registry SET version = ${version}`.execute(this.deps.db);
  }
}

interface EntryRow {
  agent_id: string;
  state: RegistryEntry['state'];
  min_version: string | null;
  signing_key: NonNullable<RegistryEntry['signing_key']> | null;
  certificate_sha256: string | null;
  former_key: NonNullable<RegistryEntry['signing_key']> | null;
  former_until: string | null;
  former_certificate: string | null;
  former_certificate_until: string | null;
}

/** Active credentials; of a gateway that is not active the newest ones, by which it is recognised when it is refused. */
const entries = sql`
  SELECT g.agent_id, g.min_version, key.public_jwk AS signing_key, certificate.certificate_sha256,
    former.public_jwk AS former_key, former.overlap_until AS former_until,
    former_certificate.certificate_sha256 AS former_certificate,
    former_certificate.overlap_until AS former_certificate_until,
    CASE WHEN g.state = 'decommissioned' THEN 'decommissioned'
         WHEN g.revoked_at IS NOT NULL THEN 'revoked' ELSE 'active' END AS state
  FROM viw.os_gateways g
  LEFT JOIN LATERAL (
    SELECT c.public_jwk FROM viw.gateway_credentials c
    WHERE c.agent_id = g.agent_id AND c.kind = 'agent'
      AND (c.active OR g.revoked_at IS NOT NULL OR g.state = 'decommissioned')
    ORDER BY c.id DESC LIMIT 1) key ON true
  LEFT JOIN LATERAL (
    SELECT c.certificate_sha256 FROM viw.gateway_credentials c
    WHERE c.agent_id = g.agent_id AND c.kind = 'certificate'
      AND (c.active OR g.revoked_at IS NOT NULL OR g.state = 'decommissioned')
    ORDER BY c.id DESC LIMIT 1) certificate ON true
  -- Whether its time is over is the hubs' to say: an entry does not change without a delta.
  LEFT JOIN viw.gateway_credentials former ON former.agent_id = g.agent_id AND former.kind = 'agent'
    AND former.overlap_until IS NOT NULL AND former.revoked_at IS NULL
    AND g.revoked_at IS NULL AND g.state <> 'decommissioned'
  LEFT JOIN viw.gateway_credentials former_certificate ON former_certificate.agent_id = g.agent_id
    AND former_certificate.kind = 'certificate' AND former_certificate.overlap_until IS NOT NULL
    AND former_certificate.revoked_at IS NULL AND g.revoked_at IS NULL AND g.state <> 'decommissioned'
  WHERE g.state <> 'discovered'`;

const entryOf = (row: EntryRow): RegistryEntry => ({
  agent_id: row.agent_id,
  state: row.state,
  ...(row.signing_key ? { signing_key: row.signing_key } : {}),
  ...(row.former_key && row.former_until !== null
    ? { former_key: { key: row.former_key, until: row.former_until } }
    : {}),
  ...(row.certificate_sha256 === null ? {} : { certificate_sha256: row.certificate_sha256 }),
  ...(row.former_certificate !== null && row.former_certificate_until !== null
    ? { former_certificate: { sha256: row.former_certificate, until: row.former_certificate_until } }
    : {}),
  ...(row.min_version === null ? {} : { min_version: row.min_version }),
});
