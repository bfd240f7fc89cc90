import type { Ed25519PublicKey, EnrolledKeys, GatewayPublicKeys, X25519PublicKey } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { CredentialKind } from '../../schema/gateways';
import { isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';
import { wasRevoked } from './revoked-credential';
import type { CredentialValue } from './revoked-credential';

export interface GatewayCredential {
  id: string;
  agent_id: string;
  kind: CredentialKind;
  public_jwk: Record<string, string> | null;
  certificate_sha256: string | null;
  active: boolean;
  created_at: string;
  revoked_at: string | null;
  replaced_at: string | null;
}

/** Public keys and certificates of gateways; of each kind one is active. */
export class GatewayCredentialRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * The keys given replace the active ones of their kind; a kind not given stays. A proof of identity among them
   * opens a revoked gateway again. What has ever been revoked for this gateway is refused, for good: somebody else may
   * hold it. What rotation has replaced may come back, unless a revocation came after it.
   * @throws AppError CONFLICT when a key or certificate was revoked, or the certificate is another gateway's
   */
  async setPublicKeys(agentId: string, keys: GatewayPublicKeys | undefined): Promise<void> {
    const { sealing, signing, agent, certificate_sha256: certificateSha256 } = keys ?? {};
    if (sealing) await this.replace(agentId, 'sealing', { publicJwk: sealing });
    if (signing) await this.replace(agentId, 'signing', { publicJwk: signing });
    if (agent) await this.replace(agentId, 'agent', { publicJwk: agent });
    if (certificateSha256 !== undefined) await this.replace(agentId, 'certificate', { certificateSha256 });
    if (agent || certificateSha256 !== undefined)
      await sql`UPDATE viw.os_gateways SET revoked_at = NULL
        WHERE agent_id = ${agentId} AND revoked_at IS NOT NULL`.execute(this.deps.db);
  }

  /**
   * The keys of a host that has just been enrolled. It has no others: a sealing or signing key of the host before it is
   * replaced by none.
   * @throws AppError CONFLICT when a key was revoked
   */
  async setEnrolledKeys(agentId: string, keys: EnrolledKeys): Promise<void> {
    for (const kind of ['sealing', 'signing'] as const)
      if (keys[kind] === undefined) await this.retire(agentId, kind);
    await this.setPublicKeys(agentId, keys);
  }

  /** Whether these, and no others, are what an enrolment has left in force. */
  async areEnrolled(agentId: string, keys: EnrolledKeys): Promise<boolean> {
    const rows = await this.deps.db
      .selectFrom('gateway_credentials')
      .select(['kind', 'public_jwk'])
      .where('agent_id', '=', agentId)
      .where('kind', 'in', ['agent', 'sealing', 'signing'])
      .where('active', '=', true)
      .execute();
    const inForce = new Map(rows.map(({ kind, public_jwk: jwk }) => [kind, jwk?.['x']]));
    return (['agent', 'sealing', 'signing'] as const).every((kind) => inForce.get(kind) === keys[kind]?.x);
  }

  /**
   * The agent's next key, which replaces the present one. For `overlapS` more seconds hubs take the present one too, for
   * those that have not heard of it yet.
   * @returns when the overlap ends
   * @throws AppError CONFLICT when the key was revoked
   */
  renewAgentKey(agentId: string, next: Ed25519PublicKey, overlapS: number): Promise<string | null> {
    return this.renew(agentId, 'agent', { publicJwk: next }, overlapS);
  }

  /** The same for the certificate that it is issued. @throws AppError CONFLICT when that was revoked */
  renewCertificate(agentId: string, certificateSha256: string, overlapS: number): Promise<string | null> {
    return this.renew(agentId, 'certificate', { certificateSha256 }, overlapS);
  }

  /** The certificate that viw has issued to the host before; what somebody has registered by hand stays. */
  async retireIssuedCertificate(agentId: string): Promise<void> {
    await sql`UPDATE viw.gateway_credentials c SET active = false, overlap_until = NULL,
        replaced_at = coalesce(replaced_at, now())
      WHERE agent_id = ${agentId} AND kind = 'certificate' AND (active OR overlap_until IS NOT NULL)
        AND EXISTS (SELECT FROM viw.issued_certificates i WHERE i.fingerprint_sha256 = c.certificate_sha256)`.execute(
      this.deps.db,
    );
  }

  private async renew(
    agentId: string,
    kind: CredentialKind,
    next: CredentialValue,
    overlapS: number,
  ): Promise<string | null> {
    return inTransaction(this.deps.db, async (trx) => {
      const active = await trx
        .selectFrom('gateway_credentials')
        .select('id')
        .where('agent_id', '=', agentId)
        .where('kind', '=', kind)
        .where('active', '=', true)
        .executeTakeFirst();
      await new GatewayCredentialRepository({ db: trx }).replace(agentId, kind, next);
      const { rows } = await sql<{ overlap_until: string }>`
        UPDATE viw.gateway_credentials SET overlap_until = now() + make_interval(secs => ${overlapS})
        WHERE id = ${active?.id ?? null} AND NOT active RETURNING overlap_until`.execute(trx);
      return rows[0]?.overlap_until ?? null;
    });
  }

  /** By which the agent proves itself; undefined: it has none, or it was revoked. */
  async agentKey(agentId: string): Promise<Ed25519PublicKey | undefined> {
    const row = await this.deps.db
      .selectFrom('gateway_credentials')
      .select('public_jwk')
      .where('agent_id', '=', agentId)
      .where('kind', '=', 'agent')
      .where('active', '=', true)
      .executeTakeFirst();
    return row?.public_jwk as Ed25519PublicKey | undefined;
  }

  /** The same, held against every other change until the caller's transaction ends. */
  async lockAgentKey(agentId: string): Promise<Ed25519PublicKey | undefined> {
    await sql`SELECT FROM viw.os_gateways WHERE agent_id = ${agentId} FOR UPDATE`.execute(this.deps.db);
    return this.agentKey(agentId);
  }

  private async retire(agentId: string, kind: CredentialKind): Promise<void> {
    await sql`UPDATE viw.gateway_credentials SET active = false, replaced_at = now()
      WHERE agent_id = ${agentId} AND kind = ${kind} AND active`.execute(this.deps.db);
  }

  /** The former active one of this kind is kept, replaced; an overlap ends at once. The same one again changes nothing. */
  private async replace(agentId: string, kind: CredentialKind, value: CredentialValue): Promise<void> {
    const jwk = 'publicJwk' in value ? JSON.stringify(value.publicJwk) : null;
    const sha256 = 'publicJwk' in value ? null : value.certificateSha256;
    await inTransaction(this.deps.db, async (trx) => {
      if (await wasRevoked(trx, agentId, kind, value))
        throw new AppError('CONFLICT', `This ${kind} credential was revoked: register a new one`);
      await sql`UPDATE viw.gateway_credentials SET overlap_until = NULL
        WHERE agent_id = ${agentId} AND kind = ${kind} AND overlap_until IS NOT NULL`.execute(trx);
      await sql`UPDATE viw.gateway_credentials SET active = false, replaced_at = now()
        WHERE agent_id = ${agentId} AND kind = ${kind} AND active
          AND (public_jwk IS DISTINCT FROM ${jwk}::jsonb OR certificate_sha256 IS DISTINCT FROM ${sha256}::text)`.execute(
        trx,
      );
      await sql`INSERT INTO viw.gateway_credentials (id, agent_id, kind, public_jwk, certificate_sha256)
        VALUES (${uuidv7()}, ${agentId}, ${kind}, ${jwk}::jsonb, ${sha256}::text)
        ON CONFLICT (agent_id, kind) WHERE active DO NOTHING`.execute(trx);
    }).catch((error: unknown) => {
      if (isUniqueViolation(error, 'gateway_credentials_certificate'))
        throw new AppError('CONFLICT', 'This client certificate belongs to another gateway', {
          cause: error,
        });
      throw error;
    });
  }

  /** Those that were replaced before as well: whoever has taken the gateway may have kept them. How many were active. */
  async revokeAll(agentId: string): Promise<number> {
    await sql`UPDATE viw.gateway_credentials SET revoked_at = now()
      WHERE agent_id = ${agentId} AND NOT active AND revoked_at IS NULL`.execute(this.deps.db);
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
