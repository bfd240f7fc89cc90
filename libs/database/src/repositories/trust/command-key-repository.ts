import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { CommandKeyPurpose, CommandKeyState } from '../../schema/trust';
import type { RepositoryDeps } from '../repository';

export interface CommandKeyRecord {
  readonly kid: string;
  readonly purpose: CommandKeyPurpose;
  readonly state: CommandKeyState;
  readonly public_jwk: Record<string, string>;
  readonly created_at: string;
  readonly activated_at: string | null;
  readonly retiring_at: string | null;
  readonly retired_at: string | null;
}

export interface UsableCommandKey extends CommandKeyRecord {
  readonly sealed: SealedEnvelope;
}

export interface NewCommandKey {
  readonly kid: string;
  readonly purpose: CommandKeyPurpose;
  readonly state: 'announced' | 'active';
  readonly publicJwk: Readonly<Record<string, string>>;
  /** The private half, as `libs/secrets` seals it. */
  readonly sealed: SealedEnvelope;
}

const columns = [
  ...(['kid', 'purpose', 'state', 'public_jwk'] as const),
  ...(['created_at', 'activated_at', 'retiring_at', 'retired_at'] as const),
];

/**
 * The backend's own keys: of each purpose one is active, and one at most announced. Whoever changes them holds the lock of
 * `GatewayRegistryRepository`, so that what hosts are told and what is so are one.
 */
export class CommandKeyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Newest first, retired ones included; nothing secret in it. */
  list(): Promise<CommandKeyRecord[]> {
    const newest = this.deps.db.selectFrom('command_keys').select(columns).orderBy('created_at', 'desc');
    return newest.orderBy('kid').execute();
  }

  /** Those that are not retired, oldest first. */
  async usable(): Promise<UsableCommandKey[]> {
    const rows = await this.deps.db
      .selectFrom('command_keys')
      .select([...columns, 'sealed'])
      .where('state', '!=', 'retired')
      .orderBy('created_at')
      .orderBy('kid')
      .execute();
    return rows.flatMap(({ sealed, ...row }) => (sealed === null ? [] : [{ ...row, sealed }]));
  }

  async add({ kid, purpose, state, publicJwk, sealed }: NewCommandKey): Promise<void> {
    await sql`INSERT INTO viw.command_keys (kid, purpose, state, public_jwk, sealed, activated_at)
      VALUES (${kid}, ${purpose}, ${state}, ${JSON.stringify(publicJwk)}::jsonb, ${JSON.stringify(sealed)}::jsonb,
        CASE WHEN ${state}::text = 'active' THEN now() END)`.execute(this.deps.db);
  }

  /** The same private half under another key-encryption key; nothing when somebody else has changed it meanwhile. */
  async reseal(kid: string, former: SealedEnvelope, sealed: SealedEnvelope): Promise<void> {
    await sql`UPDATE viw.command_keys SET sealed = ${JSON.stringify(sealed)}::jsonb
      WHERE kid = ${kid} AND sealed = ${JSON.stringify(former)}::jsonb`.execute(this.deps.db);
  }

  /** The key announced at least so long ago takes the active one's place. @returns its kid; undefined: there is none */
  async activateAnnounced(announcedForS: number): Promise<string | undefined> {
    const { rows } = await sql<{ kid: string; purpose: CommandKeyPurpose }>`
      SELECT kid, purpose FROM viw.command_keys
      WHERE state = 'announced' AND created_at <= now() - make_interval(secs => ${announcedForS})`.execute(
      this.deps.db,
    );
    const [next] = rows;
    if (next === undefined) return undefined;
    await sql`UPDATE viw.command_keys SET state = 'retiring', retiring_at = now()
      WHERE purpose = ${next.purpose} AND state = 'active'`.execute(this.deps.db);
    await sql`UPDATE viw.command_keys SET state = 'active', activated_at = now()
      WHERE kid = ${next.kid}`.execute(this.deps.db);
    return next.kid;
  }

  /** Destroys the private half of signing keys replaced at least so long ago. @returns their kids */
  async retire(retiringForS: number): Promise<string[]> {
    const { rows } = await sql<{ kid: string }>`
      UPDATE viw.command_keys SET state = 'retired', retired_at = now(), sealed = NULL
      WHERE purpose = 'signing' AND state = 'retiring'
        AND retiring_at <= now() - make_interval(secs => ${retiringForS}) RETURNING kid`.execute(
      this.deps.db,
    );
    return rows.map(({ kid }) => kid);
  }

  /** Whether `activateAnnounced` or `retire` would do something. */
  async isDue(announcedForS: number, retiringForS: number): Promise<boolean> {
    const { rows } = await sql<{ due: boolean }>`
      SELECT EXISTS (SELECT FROM viw.command_keys
        WHERE (state = 'announced' AND created_at <= now() - make_interval(secs => ${announcedForS}))
          OR (purpose = 'signing' AND state = 'retiring'
            AND retiring_at <= now() - make_interval(secs => ${retiringForS}))) AS due`.execute(this.deps.db);
    return rows[0]?.due ?? false;
  }
}
