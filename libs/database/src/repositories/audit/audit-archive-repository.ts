import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** What one cut of the chain has dropped, and who vouches for it. */
export interface ArchiveRow {
  /** Of the last line that was dropped. */
  seq: number;
  /** Of the chain there; hexadecimal, like `after_hash`. */
  hash: string;
  /** Where the cut before ended: of the last line dropped by it; 0 for the first cut. */
  after_seq: number;
  after_hash: string;
  /** Lines dropped: `seq - after_seq`. */
  entries: number;
  /** No line that was dropped is younger. */
  cut_off: string;
  at: string;
  /** Which key has signed. */
  kid: string;
  /** Ed25519, base64url. */
  signature: string;
}

const columns = sql`seq, hash, after_seq, after_hash, entries, cut_off, at, kid, signature`;

/** What was dropped from the beginning of the audit log. No role of a service may write here but by a cut. */
export class AuditArchiveRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** In order. */
  async read(afterSeq: number, limit: number): Promise<ArchiveRow[]> {
    const { rows } = await sql<ArchiveRow>`SELECT ${columns} FROM viw.audit_archive
      WHERE seq > ${afterSeq} ORDER BY seq LIMIT ${limit}`.execute(this.deps.db);
    return rows;
  }

  async newest(): Promise<ArchiveRow | undefined> {
    const { rows } = await sql<ArchiveRow>`SELECT ${columns} FROM viw.audit_archive
      ORDER BY seq DESC LIMIT 1`.execute(this.deps.db);
    return rows[0];
  }

  /** How many days every line stays, whatever a cut asks for; 0: for good. */
  async floorDays(): Promise<number> {
    const { rows } = await sql<{ days: number }>`SELECT days FROM viw.audit_retention_floor`.execute(
      this.deps.db,
    );
    return rows[0]?.days ?? 0;
  }

  /** Whether a link at or before that place is still there. */
  async hasLinksUpTo(seq: number): Promise<boolean> {
    const { rows } = await sql<{ there: boolean }>`
      SELECT EXISTS (SELECT FROM viw.audit_chain WHERE seq <= ${seq}) AS there`.execute(this.deps.db);
    return rows[0]?.there ?? false;
  }

  /**
   * Drops the lines that the row names, their links and checkpoints, and stores the row. Postgres refuses what is younger than the floor, the
   * newest line, and whatever is not the whole beginning of the chain; SQLSTATE 40001 when somebody else has cut since.
   */
  async cut(row: ArchiveRow): Promise<void> {
    await sql`SELECT viw.drop_audit_lines(${row.seq}, ${row.hash}, ${row.after_seq}, ${row.after_hash},
      ${row.entries}, ${row.cut_off}, ${row.at}, ${row.kid}, ${row.signature})`.execute(this.deps.db);
  }
}
