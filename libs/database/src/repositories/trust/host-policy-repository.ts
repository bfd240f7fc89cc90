import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** Changes of the keys that a host may have missed and still finds its way; one more and it must be pinned anew. */
const LINKS_KEPT = 32;

export interface NewHostPolicy {
  readonly version: number;
  readonly jws: string;
  readonly changesKeys: boolean;
  readonly frozen: boolean;
}

/** What hosts are told. Whoever adds to it holds the lock of `GatewayRegistryRepository`. */
export class HostPolicyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** 0: none has been issued. */
  async latestVersion(): Promise<number> {
    const { rows } = await sql<{ version: number | null }>`
      SELECT max(version) AS version FROM viw.host_policies`.execute(this.deps.db);
    return rows[0]?.version ?? 0;
  }

  /** Those before it that tell nothing of keys are forgotten. */
  async add({ version, jws, changesKeys, frozen }: NewHostPolicy): Promise<void> {
    await sql`DELETE FROM viw.host_policies WHERE NOT changes_keys`.execute(this.deps.db);
    await sql`INSERT INTO viw.host_policies (version, jws, changes_keys, frozen)
      VALUES (${version}, ${jws}, ${changesKeys}, ${frozen})`.execute(this.deps.db);
  }

  /** Whether hosts are told of the emergency stop as it is. */
  async tellsFreeze(): Promise<boolean> {
    const { rows } = await sql<{ told: boolean }>`
      SELECT frozen = (SELECT frozen FROM viw.host_policies ORDER BY version DESC LIMIT 1) AS told
      FROM viw.gateway_registry`.execute(this.deps.db);
    return rows[0]?.told ?? false;
  }

  /** What every host is to be given: the way of the keys, and the newest; oldest first. */
  async chain(): Promise<string[]> {
    const { rows } = await sql<{ jws: string }>`
      SELECT jws FROM viw.host_policies ORDER BY version DESC LIMIT ${LINKS_KEPT + 1}`.execute(this.deps.db);
    return rows.map(({ jws }) => jws).reverse();
  }
}
