import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface SecondFactor {
  sealed: SealedEnvelope;
  /** It counts at sign-in. */
  confirmed: boolean;
}

/** Time-based codes of administrators (RFC 6238). */
export class SecondFactorRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async get(administratorId: string): Promise<SecondFactor | undefined> {
    const { rows } = await sql<SecondFactor>`
      SELECT totp_sealed AS sealed, totp_confirmed_at IS NOT NULL AS confirmed FROM viw.administrators
      WHERE id = ${administratorId} AND totp_sealed IS NOT NULL`.execute(this.deps.db);
    return rows[0];
  }

  /** In place of one that was never confirmed. False when there is one that counts. */
  async propose(administratorId: string, sealed: SealedEnvelope): Promise<boolean> {
    const { rows } = await sql`
      UPDATE viw.administrators SET totp_sealed = ${JSON.stringify(sealed)}::jsonb, totp_last_step = 0
      WHERE id = ${administratorId} AND totp_confirmed_at IS NULL RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  async confirm(administratorId: string): Promise<void> {
    await sql`UPDATE viw.administrators SET totp_confirmed_at = coalesce(totp_confirmed_at, now())
      WHERE id = ${administratorId} AND totp_sealed IS NOT NULL`.execute(this.deps.db);
  }

  async remove(administratorId: string): Promise<void> {
    await sql`UPDATE viw.administrators SET totp_sealed = NULL, totp_confirmed_at = NULL, totp_last_step = 0
      WHERE id = ${administratorId}`.execute(this.deps.db);
  }

  /** False when a code of this step, or of a later one, was taken before: none is taken twice, by whichever backend. */
  async takeStep(administratorId: string, step: number): Promise<boolean> {
    const { rows } = await sql`UPDATE viw.administrators SET totp_last_step = ${step}
      WHERE id = ${administratorId} AND totp_last_step < ${step} RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }
}
