import type { AuditFinding } from '@viw/contracts';
import type { Checkpoint } from '@viw/database';
import type { Repositories } from '../store';
import { walkChain } from './chain-walk';
import type { Place } from './chain-walk';
import type { CheckpointSigner } from './checkpoint-signer';
import { Findings } from './findings';

export interface PlanOptions {
  /** The end of the cut before. */
  readonly base: Place;
  /** ISO 8601. What is younger stays. */
  readonly cutOff: string;
  /** Lines per cut at most. */
  readonly most: number;
  /** Looked at before each batch: however much there is, it leaves off soon. */
  readonly end: AbortSignal;
}

export interface PlanDeps {
  /** All of one state of the tables. */
  readonly chain: Pick<Repositories['auditChain'], 'read' | 'checkpoints' | 'tip'>;
  readonly signer: CheckpointSigner;
}

export interface RetentionPlan {
  /** Where cuts are to end, in order; none: nothing is due, or something is in the way. */
  readonly ends: readonly Place[];
  /** What is in the way, for whoever reads the log. */
  readonly obstacle?: string;
  readonly findings: readonly AuditFinding[];
}

/** Checkpoints per look. */
const BATCH = 1_000;

const IDLE: RetentionPlan = { ends: [], findings: [] };

/**
 * What is due next, up to the first signed checkpoint behind it that is older than the cut-off: the checkpoint says how old the lines before it
 * are at least. Those by a key that is not configured any more say nothing, and are passed over. All of it is verified; with any finding nothing
 * is due.
 * @throws the reason of `end` once it is aborted
 */
export async function planCuts(
  { base, cutOff, most, end }: PlanOptions,
  { chain: stored, signer }: PlanDeps,
): Promise<RetentionPlan> {
  const chain = until(end, stored);
  const next = await nextCheckpoints(chain, base, most);
  const due = next.filter(({ at }) => at <= cutOff);
  if (due.length === 0) return IDLE;
  const known = (checkpoint: Checkpoint): boolean => signer.judge(checkpoint) === 'valid';
  const anchor = due.findLast(known) ?? (await firstBehind(next.at(-1)?.seq ?? base.seq, known, chain));
  if (anchor === undefined || anchor.at > cutOff)
    return { ...IDLE, obstacle: 'of the checkpoints there none is signed by a key that is configured' };
  const tip = (await chain.tip())?.seq ?? 0;
  const findings = new Findings();
  const ends: Place[] = [];
  let reached = base;
  let young = false;
  await walkChain({ from: base, upTo: anchor.seq }, { chain, signer, findings }, ({ seq, hash, entry }) => {
    young ||= entry !== null && entry.at > cutOff;
    // The newest line stays.
    if (young || seq >= tip) return;
    reached = { seq, hash };
    if ((seq - base.seq) % most === 0) ends.push(reached);
  });
  if (findings.total > 0) return { ends: [], obstacle: 'it does not verify', findings: findings.listed };
  if (reached.seq > (ends.at(-1) ?? base).seq) ends.push(reached);
  if (ends.length === 0 && young)
    return { ...IDLE, obstacle: 'a line is younger than the checkpoint behind it' };
  return { ends, findings: [] };
}

/** Reads nothing any more once it is aborted. */
function until(end: AbortSignal, chain: PlanDeps['chain']): PlanDeps['chain'] {
  const unlessEnded = async <T>(read: () => Promise<T>): Promise<T> => {
    end.throwIfAborted();
    return read();
  };
  return {
    read: (...range) => unlessEnded(() => chain.read(...range)),
    checkpoints: (...range) => unlessEnded(() => chain.checkpoints(...range)),
    tip: () => unlessEnded(() => chain.tip()),
  };
}

/** Those within the next cut, or else the next one. */
async function nextCheckpoints(chain: PlanDeps['chain'], base: Place, most: number): Promise<Checkpoint[]> {
  const near = await chain.checkpoints(base.seq, base.seq + most, most);
  return near.length > 0 ? near : chain.checkpoints(base.seq, undefined, 1);
}

/** The first that a configured key vouches for, however far away: it does so for all that lies before it. */
async function firstBehind(
  afterSeq: number,
  known: (checkpoint: Checkpoint) => boolean,
  chain: PlanDeps['chain'],
): Promise<Checkpoint | undefined> {
  for (;;) {
    const read = await chain.checkpoints(afterSeq, undefined, BATCH);
    const found = read.find(known);
    const last = read.at(-1);
    if (found !== undefined || last === undefined) return found;
    afterSeq = last.seq;
  }
}
