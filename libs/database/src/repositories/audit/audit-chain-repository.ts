import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';
import type { AuditRecord } from './audit-record';
import { auditRecordColumns } from './audit-record';

export interface ChainLink {
  seq: number;
  entry_id: number;
  /** Hexadecimal, like `hash`. */
  prev_hash: string;
  hash: string;
}

/** A link with the line that it seals; null: that line is gone. */
export interface ChainedEntry extends ChainLink {
  entry: AuditRecord | null;
}

export interface Checkpoint {
  seq: number;
  hash: string;
  at: string;
  /** Which key has signed. */
  kid: string;
  /** Ed25519, base64url. */
  signature: string;
}

/** The hash chain over the audit log. Append-only: no role of a service may change or delete a link. */
export class AuditChainRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** The oldest lines that are not in the chain. Only the holder of the sealer's lock may append them. */
  async unsealed(limit: number): Promise<AuditRecord[]> {
    const { rows } = await sql<AuditRecord>`
      SELECT ${auditRecordColumns} FROM viw.audit_unsealed u JOIN viw.audit_log a ON a.id = u.entry_id
      ORDER BY u.entry_id LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  /** Appends them. Fails as a whole when one of their places is taken or one of the lines is sealed already. */
  async append(links: readonly ChainLink[]): Promise<void> {
    const column = <K extends keyof ChainLink>(name: K): ChainLink[K][] => links.map((link) => link[name]);
    await sql`
      WITH sealed AS (INSERT INTO viw.audit_chain (seq, entry_id, prev_hash, hash)
        SELECT * FROM unnest(${column('seq')}::bigint[], ${column('entry_id')}::bigint[],
          ${column('prev_hash')}::text[], ${column('hash')}::text[]) RETURNING entry_id)
      DELETE FROM viw.audit_unsealed u USING sealed WHERE u.entry_id = sealed.entry_id`.execute(this.deps.db);
  }

  /** The last link. */
  async tip(): Promise<Pick<ChainLink, 'seq' | 'hash'> | undefined> {
    const { rows } =
      await sql<ChainLink>`SELECT seq, hash FROM viw.audit_chain ORDER BY seq DESC LIMIT 1`.execute(
        this.deps.db,
      );
    return rows[0];
  }

  async link(seq: number): Promise<ChainLink | undefined> {
    const { rows } = await sql<ChainLink>`
      SELECT seq, entry_id, prev_hash, hash FROM viw.audit_chain WHERE seq = ${seq}`.execute(this.deps.db);
    return rows[0];
  }

  /** In order. */
  async read(afterSeq: number, limit: number): Promise<ChainedEntry[]> {
    const { rows } = await sql<ChainLink & Omit<AuditRecord, 'id'> & { id: number | null }>`
      SELECT c.seq, c.entry_id, c.prev_hash, c.hash, ${auditRecordColumns}
      FROM viw.audit_chain c LEFT JOIN viw.audit_log a ON a.id = c.entry_id
      WHERE c.seq > ${afterSeq} ORDER BY c.seq LIMIT ${limit}`.execute(this.deps.db);
    return rows.map(({ seq, entry_id, prev_hash, hash, id, ...line }) => ({
      seq,
      entry_id,
      prev_hash,
      hash,
      entry: id === null ? null : { id, ...line },
    }));
  }

  /** Nothing happens when there is one at that place: a forged one is for the verification to find. */
  async addCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.deps.db
      .insertInto('audit_checkpoints')
      .values(checkpoint)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** The newest ones, newest first. */
  async latestCheckpoints(limit: number): Promise<Checkpoint[]> {
    const { rows } = await sql<Checkpoint>`
      SELECT seq, hash, at, kid, signature FROM viw.audit_checkpoints ORDER BY seq DESC LIMIT ${limit}`.execute(
      this.deps.db,
    );
    return rows;
  }

  /** In order. @param upTo inclusive; undefined: to the end */
  async checkpoints(afterSeq: number, upTo: number | undefined, limit: number): Promise<Checkpoint[]> {
    const { rows } = await sql<Checkpoint>`
      SELECT seq, hash, at, kid, signature FROM viw.audit_checkpoints
      WHERE seq > ${afterSeq} AND ${upTo === undefined ? sql`true` : sql`seq <= ${upTo}`}
      ORDER BY seq LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  /**
   * `waiting`: lines that the sealer has still to come to. `overlooked`: lines in no chain that it will never come to, or
   * should have. `lost`: lines that vanished before they were sealed.
   */
  async unchained(graceSeconds: number): Promise<{ waiting: number; overlooked: number[]; lost: number[] }> {
    const { rows } = await sql<{ id: number; waits: boolean; there: boolean }>`
      SELECT coalesce(a.id, u.entry_id) AS id, a.id IS NOT NULL AS there,
        u.entry_id IS NOT NULL AND a.at > now() - make_interval(secs => ${graceSeconds}) AS waits
      FROM viw.audit_log a FULL JOIN viw.audit_unsealed u ON u.entry_id = a.id
      WHERE NOT EXISTS (SELECT FROM viw.audit_chain c WHERE c.entry_id = coalesce(a.id, u.entry_id))
      ORDER BY 1 LIMIT 10000`.execute(this.deps.db);
    const ids = (wanted: (row: (typeof rows)[number]) => boolean): number[] =>
      rows.filter(wanted).map(({ id }) => id);
    return {
      waiting: ids(({ there, waits }) => there && waits).length,
      overlooked: ids(({ there, waits }) => there && !waits),
      lost: ids(({ there }) => !there),
    };
  }
}
