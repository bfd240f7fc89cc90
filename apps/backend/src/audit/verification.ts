import type { AuditFinding, AuditVerification } from '@viw/contracts';
import type { ChainedEntry, Checkpoint } from '@viw/database';
import type { Repositories } from '../store';
import { GENESIS, chainHash } from './chain-hash';
import type { CheckpointSigner } from './checkpoint-signer';

/** Links per look. */
const BATCH = 1_000;
/** The sealer comes to a line within moments; a transaction that is still open may hold one back for so long, seconds. */
const GRACE_S = 120;
/** Findings that are listed; all are counted. */
const LISTED = 100;

export interface AuditVerifierDeps {
  readonly repositories: Pick<Repositories, 'auditChain'>;
  readonly signer: CheckpointSigner;
}

/** A place of the chain that somebody has kept elsewhere, as the log line of a checkpoint tells it. */
export interface KnownPlace {
  readonly seq: number;
  readonly hash: string;
}

class Findings {
  readonly listed: AuditFinding[] = [];
  total = 0;

  add(finding: AuditFinding): void {
    this.total++;
    if (this.listed.length < LISTED) this.listed.push(finding);
  }
}

/** Walks the whole chain: any line or link that was changed, removed, added past the sealer or moved is found. */
export class AuditVerifier {
  constructor(private readonly deps: AuditVerifierDeps) {}

  /** @param known must lie in the chain too; without it the cutting of a tail younger than the last checkpoint cannot show */
  async verify(known?: KnownPlace): Promise<AuditVerification> {
    const { auditChain } = this.deps.repositories;
    const findings = new Findings();
    const checkpoints = { checked: 0, unknown_key: 0 };
    let entries = 0;
    let tip = { seq: 0, hash: GENESIS };
    // Read first: what is sealed and signed while we walk is for the next verification.
    const newest = await auditChain.latestCheckpoints(1);
    for (;;) {
      const links = await auditChain.read(tip.seq, BATCH);
      const last = links.at(-1);
      if (last === undefined) break;
      await this.#compare(tip.seq, last.seq, links, findings, checkpoints);
      for (const link of links) {
        checkLink(link, tip, findings);
        tip = { seq: link.seq, hash: link.hash };
        if (known?.seq === link.seq && known.hash !== link.hash)
          findings.add({ kind: 'known_place_differs', seq: link.seq });
      }
      entries += links.length;
    }
    await this.#compare(tip.seq, newest[0]?.seq ?? 0, [], findings, checkpoints);
    if (known !== undefined && known.seq > tip.seq)
      findings.add({ kind: 'known_place_differs', seq: known.seq });
    const { waiting, overlooked, lost } = await auditChain.unchained(GRACE_S);
    for (const id of overlooked) findings.add({ kind: 'entry_not_sealed', entry_id: id });
    for (const id of lost) findings.add({ kind: 'entry_lost_before_sealing', entry_id: id });
    return {
      ok: findings.total === 0,
      entries,
      waiting,
      tip,
      checkpoints: { ...checkpoints, public_keys: this.deps.signer.publicKeys },
      findings_total: findings.total,
      findings: findings.listed,
    };
  }

  /** Checkpoints behind `afterSeq`, up to `upTo`, with the links there. */
  async #compare(
    afterSeq: number,
    upTo: number | undefined,
    links: readonly ChainedEntry[],
    findings: Findings,
    counts: { checked: number; unknown_key: number },
  ): Promise<void> {
    const { repositories, signer } = this.deps;
    const hashes = new Map(links.map(({ seq, hash }) => [seq, hash]));
    let checkpoints: Checkpoint[];
    do {
      checkpoints = await repositories.auditChain.checkpoints(afterSeq, upTo, BATCH);
      for (const checkpoint of checkpoints) {
        const { seq, hash } = ((afterSeq = checkpoint.seq), checkpoint);
        const verdict = signer.judge(checkpoint);
        counts[verdict === 'unknown_key' ? 'unknown_key' : 'checked']++;
        if (verdict === 'invalid') findings.add({ kind: 'checkpoint_forged', seq });
        else if (!hashes.has(seq)) findings.add({ kind: 'chain_cut_off', seq });
        else if (hashes.get(seq) !== hash) findings.add({ kind: 'checkpoint_differs', seq });
      }
    } while (checkpoints.length === BATCH);
  }
}

function checkLink(link: ChainedEntry, before: KnownPlace, findings: Findings): void {
  const { seq, entry_id, prev_hash, hash, entry } = link;
  if (seq !== before.seq + 1) findings.add({ kind: 'links_missing', seq: before.seq + 1 });
  else if (prev_hash !== before.hash) findings.add({ kind: 'link_changed', seq });
  if (entry === null) findings.add({ kind: 'entry_missing', seq, entry_id });
  else if (chainHash(prev_hash, entry) !== hash) findings.add({ kind: 'entry_changed', seq, entry_id });
}
