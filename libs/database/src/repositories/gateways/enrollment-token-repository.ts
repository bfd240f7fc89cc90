import { AppError, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { Db } from '../../connection';
import type { RepositoryDeps } from '../repository';

/** Why a token opens nothing. For records; whoever shows it is not told which. */
export type UnusableToken = 'unknown' | 'used' | 'expired' | 'void';

export interface EnrollmentTokenRecord {
  id: string;
  agent_id: string;
  expires_at: string;
}

/**
 * One-time tokens by which a host becomes a gateway. They are looked for by their hash: it is of 256 random bits, so that
 * nothing which the look-up could tell about a hash leads to a token.
 */
export class EnrollmentTokenRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** False for a guess, found out without a lock or a transaction. */
  async isKnown(tokenHash: string): Promise<boolean> {
    const row = await this.deps.db
      .selectFrom('enrollment_tokens')
      .select('id')
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return row !== undefined;
  }

  /**
   * Earlier ones of the gateway that are still open are void from now on.
   * @throws AppError NOT_FOUND for a gateway that is unknown, only discovered, or decommissioned
   */
  async issue(input: {
    readonly agentId: string;
    /** SHA-256 in lower-case hex. */
    readonly tokenHash: string;
    readonly ttlS: number;
  }): Promise<EnrollmentTokenRecord> {
    return inTransaction(this.deps.db, async (trx) => {
      // Of two at once the later one waits here, and then makes the earlier one void.
      if (!(await lockRegistered(trx, input.agentId)))
        throw new AppError('NOT_FOUND', `No registered gateway ${input.agentId}`);
      await new EnrollmentTokenRepository({ db: trx }).voidOpen(input.agentId);
      await sql`DELETE FROM viw.enrollment_tokens WHERE expires_at < now() - interval '90 days'`.execute(trx);
      return trx
        .insertInto('enrollment_tokens')
        .values({
          id: uuidv7(),
          agent_id: input.agentId,
          token_hash: input.tokenHash,
          expires_at: sql<string>`now() + make_interval(secs => ${input.ttlS})`,
        })
        .returning(['id', 'agent_id', 'expires_at'])
        .executeTakeFirstOrThrow();
    });
  }

  /**
   * Uses it up, in the caller's transaction. Of several at once exactly one gets the gateway; the others wait for its
   * transaction to end, and may have it when that is rolled back.
   */
  async use(
    tokenHash: string,
    address: string,
  ): Promise<
    | { readonly usable: true; readonly id: string; readonly agentId: string }
    | {
        readonly usable: false;
        readonly reason: UnusableToken;
        readonly agentId?: string;
        /** It was used, and its time is not over: whoever used it may not have heard the answer. */
        readonly stillInTime?: boolean;
      }
  > {
    const { db } = this.deps;
    const row = await db
      .selectFrom('enrollment_tokens')
      .select(['id', 'agent_id'])
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    if (!row) return { usable: false, reason: 'unknown' };
    // The gateway first, as whoever revokes it: a revocation under way is waited for and counts.
    if (!(await lockRegistered(db, row.agent_id)))
      return { usable: false, reason: 'void', agentId: row.agent_id };
    const used = await sql`
      UPDATE viw.enrollment_tokens SET used_at = now(), used_from = ${address}
      WHERE id = ${row.id} AND used_at IS NULL AND voided_at IS NULL AND expires_at > now() RETURNING 1`.execute(
      db,
    );
    if (used.rows.length > 0) return { usable: true, id: row.id, agentId: row.agent_id };
    return { usable: false, agentId: row.agent_id, ...(await this.whyUnusable(row.id)) };
  }

  private async whyUnusable(id: string): Promise<{ reason: UnusableToken; stillInTime: boolean }> {
    const { rows } = await sql<{ used: boolean; void: boolean; in_time: boolean }>`
      SELECT used_at IS NOT NULL AS used, voided_at IS NOT NULL AS void, expires_at > now() AS in_time
      FROM viw.enrollment_tokens WHERE id = ${id}`.execute(this.deps.db);
    const [row] = rows;
    const reason = row === undefined ? 'unknown' : row.used ? 'used' : row.void ? 'void' : 'expired';
    return { reason, stillInTime: reason === 'used' && row?.in_time === true };
  }

  /** How many were open. */
  async voidOpen(agentId: string): Promise<number> {
    const result = await this.deps.db
      .updateTable('enrollment_tokens')
      .set({ voided_at: sql<string>`now()` })
      .where('agent_id', '=', agentId)
      .where('used_at', 'is', null)
      .where('voided_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows);
  }
}

/** Holds the gateway's row until the transaction ends, so that it cannot be decommissioned meanwhile. */
async function lockRegistered(db: Db, agentId: string): Promise<boolean> {
  const { rows } = await sql<{ state: string }>`
    SELECT state FROM viw.os_gateways WHERE agent_id = ${agentId} FOR UPDATE`.execute(db);
  const state = rows[0]?.state;
  return state !== undefined && state !== 'discovered' && state !== 'decommissioned';
}
