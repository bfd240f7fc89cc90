import type { ArchiveRow } from '@viw/database';
import type { Repositories } from '../store';
import type { ArchiveSigner } from './archive-signer';
import type { Place } from './chain-walk';
import { BEGINNING } from './chain-walk';
import type { Findings } from './findings';

/** Rows per look. */
const BATCH = 1_000;

export interface ArchiveWalkDeps {
  readonly archive: Pick<Repositories['auditArchive'], 'read'>;
  readonly signer: Pick<ArchiveSigner, 'judge'>;
  readonly findings: Findings;
  /** Called for each row, in order. */
  readonly visit?: (row: ArchiveRow) => void;
}

export interface WalkedArchive {
  /** Where the chain begins: the end of the newest cut that a known key vouches for. */
  readonly base: Place;
  readonly cuts: number;
  /** Lines dropped by them. */
  readonly entries: number;
  readonly unknown_key: number;
}

/**
 * Holds every row of the archive against its signature and against the row before. A cut is believed by its signature alone; a row by a key that
 * is not configured is no finding when a later row is believed, since nobody signs a row behind one that does not hold.
 */
export async function walkArchive({
  archive,
  signer,
  findings,
  visit,
}: ArchiveWalkDeps): Promise<WalkedArchive> {
  let base: Place = BEGINNING;
  let before: Place = BEGINNING;
  let unvouched: number[] = [];
  const counts = { cuts: 0, entries: 0, unknown_key: 0 };
  let rows: ArchiveRow[];
  do {
    rows = await archive.read(before.seq, BATCH);
    for (const row of rows) {
      const { seq, hash } = row;
      counts.cuts++;
      counts.entries += row.entries;
      const verdict = signer.judge(row);
      if (verdict === 'invalid') findings.add({ kind: 'archive_forged', seq });
      if (row.after_seq > before.seq) findings.add({ kind: 'archive_gap', seq });
      else if (row.after_seq < before.seq) findings.add({ kind: 'archive_overlap', seq });
      else if (row.after_hash !== before.hash) findings.add({ kind: 'archive_differs', seq });
      before = { seq, hash };
      if (verdict === 'valid') [base, unvouched] = [before, []];
      if (verdict === 'unknown_key') {
        counts.unknown_key++;
        unvouched.push(seq);
      }
      visit?.(row);
    }
  } while (rows.length === BATCH);
  for (const seq of unvouched) findings.add({ kind: 'archive_unknown_key', seq });
  return { base, ...counts };
}
