import type { ChainedEntry } from '@viw/database';
import type { Repositories } from '../store';
import { GENESIS, chainHash } from './chain-hash';
import type { CheckpointSigner } from './checkpoint-signer';
import type { Findings } from './findings';

/** Links per look: what is in memory at a time. */
const BATCH = 1_000;

/** A place of the chain: the hash there covers all that lies before it. */
export interface Place {
  readonly seq: number;
  readonly hash: string;
}

export const BEGINNING: Place = { seq: 0, hash: GENESIS };

export interface ChainWalkDeps {
  readonly chain: Pick<Repositories['auditChain'], 'read' | 'checkpoints'>;
  readonly signer: Pick<CheckpointSigner, 'judge'>;
  readonly findings: Findings;
}

export interface Walked {
  readonly tip: Place;
  readonly entries: number;
  readonly checkpoints: { readonly checked: number; readonly unknown_key: number };
}

/**
 * Holds every link and line behind `from` against the ones before and against the checkpoints there: what was changed, removed, added past
 * the sealer or moved is found.
 * @param upTo the last place that is looked at; undefined: to the end
 * @param visit called for each link, in order
 */
export async function walkChain(
  { from, upTo }: { readonly from: Place; readonly upTo?: number | undefined },
  { chain, signer, findings }: ChainWalkDeps,
  visit: (link: ChainedEntry) => void,
): Promise<Walked> {
  const counts = { checked: 0, unknown_key: 0 };
  let entries = 0;
  let tip = from;

  /** Checkpoints behind `afterSeq`, up to `last`, with the links there. */
  async function compare(afterSeq: number, last: number | undefined, links: readonly ChainedEntry[]) {
    const hashes = new Map(links.map(({ seq, hash }) => [seq, hash]));
    for (;;) {
      const checkpoints = await chain.checkpoints(afterSeq, last, BATCH);
      for (const checkpoint of checkpoints) {
        const { seq, hash } = checkpoint;
        afterSeq = seq;
        const verdict = signer.judge(checkpoint);
        counts[verdict === 'unknown_key' ? 'unknown_key' : 'checked']++;
        if (verdict === 'invalid') findings.add({ kind: 'checkpoint_forged', seq });
        else if (!hashes.has(seq)) findings.add({ kind: 'chain_cut_off', seq });
        else if (hashes.get(seq) !== hash) findings.add({ kind: 'checkpoint_differs', seq });
      }
      if (checkpoints.length < BATCH) return;
    }
  }

  for (;;) {
    const read = await chain.read(tip.seq, BATCH);
    const links = upTo === undefined ? read : read.filter(({ seq }) => seq <= upTo);
    const last = links.at(-1);
    if (last === undefined) break;
    await compare(tip.seq, last.seq, links);
    for (const link of links) {
      checkLink(link, tip, findings);
      tip = { seq: link.seq, hash: link.hash };
      visit(link);
    }
    entries += links.length;
  }
  await compare(tip.seq, upTo, []);
  return { tip, entries, checkpoints: counts };
}

function checkLink(link: ChainedEntry, before: Place, findings: Findings): void {
  const { seq, entry_id, prev_hash, hash, entry } = link;
  if (seq !== before.seq + 1) findings.add({ kind: 'links_missing', seq: before.seq + 1 });
  else if (prev_hash !== before.hash) findings.add({ kind: 'link_changed', seq });
  if (entry === null) findings.add({ kind: 'entry_missing', seq, entry_id });
  else if (chainHash(prev_hash, entry) !== hash) findings.add({ kind: 'entry_changed', seq, entry_id });
}
