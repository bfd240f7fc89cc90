import type { GatewayPublicKeys, X25519PublicKey } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { CredentialKind } from '../../schema/gateways';
import type { RepositoryDeps } from '../repository';

export interface GatewayCredential {
  id: string;
  agent_id: string;
  kind: CredentialKind;
  public_jwk: Record<string, string>;
  active: boolean;
  created_at: string;
  revoked_at: string | null;
}

/** Public keys of gateways; of each kind one is active. */
export class GatewayCredentialRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** The keys given replace the active ones of their kind; a kind not given stays. */
  async setPublicKeys(agentId: string, keys: GatewayPublicKeys | undefined): Promise<void> {
    if (keys?.sealing) await this.replace(agentId, 'sealing', keys.sealing);
    if (keys?.signing) await this.replace(agentId, 'signing', keys.signing);
  }

  /** The former active key of this kind is kept, revoked. The same key again changes nothing. */
  async replace(agentId: string, kind: CredentialKind, publicJwk: object): Promise<void> {
    const jwk = JSON.stringify(publicJwk);
    await inTransaction(this.deps.db, async (trx) => {
      await sql`UPDATE viw.gateway_credentials SET active = false, revoked_at = now()
        WHERE agent_id = ${agentId} AND kind = ${kind} AND active AND public_jwk <> ${jwk}::jsonb`.execute(
        trx,
      );
      await sql`INSERT INTO viw.gateway_credentials (id, agent_id, kind, public_jwk)
        VALUES (${uuidv7()}, ${agentId}, ${kind}, ${jwk}::jsonb)
        ON CONFLICT (agent_id, kind) WHERE active DO NOTHING`.execute(trx);
    });
  }

  /** How many keys were active. */
  async revokeAll(agentId: string): Promise<number> {
    const result = await this.deps.db
      .updateTable('gateway_credentials')
      .set({ active: false, revoked_at: sql<string>`now()` })
      .where('agent_id', '=', agentId)
      .where('active', '=', true)
      .executeTakeFirst();
    return Number(result.numUpdatedRows);
  }

  /** To seal secret arguments to; undefined: this gateway can take none. */
  async sealingKey(agentId: string): Promise<X25519PublicKey | undefined> {
    const row = await this.deps.db
      .selectFrom('gateway_credentials')
      .select('public_jwk')
      .where('agent_id', '=', agentId)
      .where('kind', '=', 'sealing')
      .where('active', '=', true)
      .executeTakeFirst();
    return row?.public_jwk as X25519PublicKey | undefined;
  }

  /** Newest first, revoked ones included. */
  async list(agentId: string): Promise<GatewayCredential[]> {
    return this.deps.db
      .selectFrom('gateway_credentials')
      .selectAll()
      .where('agent_id', '=', agentId)
      .orderBy('id', 'desc')
      .execute();
  }
}
