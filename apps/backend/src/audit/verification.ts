import type { AuditVerification } from '@viw/contracts';
import type { Store } from '../store';
import { walkArchive } from './archive-walk';
import type { ArchiveSigner } from './archive-signer';
import { walkChain } from './chain-walk';
import type { Place } from './chain-walk';
import type { CheckpointSigner } from './checkpoint-signer';
import { Findings } from './findings';

/** The sealer comes to a line within moments; a transaction that is still open may hold one back for so long, seconds. */
const GRACE_S = 120;

export interface AuditVerifierDeps {
  readonly store: Pick<Store, 'snapshot'>;
  readonly signer: CheckpointSigner;
  readonly archives: ArchiveSigner;
}

/** A place of the chain that somebody has kept elsewhere, as the log line of a checkpoint tells it. */
export type KnownPlace = Place;

/**
 * Walks the whole chain, from the end of the newest cut that is believed: any line or link that was changed, removed, added past the sealer or
 * moved is found, and so is a beginning that was dropped without a signed row. Sees one state of the tables, whatever is written or cut meanwhile.
 */
export class AuditVerifier {
  constructor(private readonly deps: AuditVerifierDeps) {}

  /** @param known must lie in the chain too; without it the cutting of a tail younger than the last checkpoint cannot show */
  verify(known?: KnownPlace): Promise<AuditVerification> {
    const { store, signer, archives } = this.deps;
    return store.snapshot(async ({ auditArchive, auditChain }) => {
      const findings = new Findings();
      const met = new Set<string>();
      const look = ({ seq, hash }: Place): void => void (seq === known?.seq && met.add(hash));
      const { base, ...archive } = await walkArchive({
        archive: auditArchive,
        signer: archives,
        findings,
        visit: look,
      });
      if (base.seq > 0 && (await auditArchive.hasLinksUpTo(base.seq)))
        findings.add({ kind: 'archived_lines_present', seq: base.seq });
      const { tip, entries, checkpoints } = await walkChain(
        { from: base },
        { chain: auditChain, signer, findings },
        look,
      );
      // A cut leaves the newest line.
      if (base.seq > 0 && entries === 0) findings.add({ kind: 'chain_cut_off', seq: base.seq + 1 });
      const { waiting, overlooked, lost } = await auditChain.unchained(GRACE_S);
      const place = judgeKnown(known, met, base);
      if (place === 'differs') findings.add({ kind: 'known_place_differs', seq: known?.seq });
      for (const id of overlooked) findings.add({ kind: 'entry_not_sealed', entry_id: id });
      for (const id of lost) findings.add({ kind: 'entry_lost_before_sealing', entry_id: id });
      return {
        ok: findings.total === 0,
        entries,
        waiting,
        tip,
        known_place: place,
        archive: { ...archive, up_to: base },
        checkpoints: { ...checkpoints, public_keys: signer.publicKeys },
        findings_total: findings.total,
        findings: findings.listed,
      };
    });
  }
}

/** Of places within a cut only the ends are known still. */
function judgeKnown(
  known: KnownPlace | undefined,
  met: ReadonlySet<string>,
  base: Place,
): AuditVerification['known_place'] {
  if (known === undefined) return null;
  if (met.size === 0) return known.seq < base.seq ? 'archived' : 'differs';
  return met.size === 1 && met.has(known.hash) ? 'found' : 'differs';
}
