import type { AuditFinding } from '@viw/contracts';
import type { AuditEntry } from '@viw/database';
import type { Clock, Logger } from '@viw/runtime';
import { systemClock } from '@viw/runtime';
import type { Store } from '../store';
import type { ArchiveSigner } from './archive-signer';
import { walkArchive } from './archive-walk';
import type { Place } from './chain-walk';
import type { CheckpointSigner } from './checkpoint-signer';
import { Findings } from './findings';
import type { RetentionMetrics } from './retention-metrics';
import { planCuts } from './retention-plan';

/** Lines per cut, so that none holds its locks for long. */
const CUT = 5_000;
const DAY_MS = 86_400_000;
/** Kept longer, so that the clocks of backend and Postgres need not agree. */
const SLACK_MS = 3_600_000;
/** Findings that the log tells. */
const TOLD = 10;

export interface AuditRetentionOptions {
  /** Lines that were sealed so many days ago are dropped, not before the floor that the owner of the schema has set. */
  readonly days: number;
  /** Lines per cut at most; default 5 000. */
  readonly cut?: number;
}

export interface AuditRetentionDeps {
  readonly store: Pick<Store, 'snapshot' | 'transaction'>;
  readonly signer: CheckpointSigner;
  readonly archives: ArchiveSigner;
  readonly logger: Logger;
  readonly metrics: RetentionMetrics;
  readonly clock?: Clock;
}

/**
 * Drops lines of the audit log after their retention, from the beginning of the chain, and leaves a signed row for each cut. What does not
 * verify is never dropped: traces of a change must not expire. How old lines are says the signature of a checkpoint behind them, so that who can
 * write to Postgres cannot have lines dropped early. Of all backends one at a time is to do it; a second one does no harm.
 */
export class AuditRetention {
  readonly #clock: Clock;

  constructor(
    private readonly options: AuditRetentionOptions,
    private readonly deps: AuditRetentionDeps,
  ) {
    this.#clock = deps.clock ?? systemClock;
  }

  /** Drops all that is due. @param end leaves off between two cuts, or two batches of lines that are looked at */
  async drop(end: AbortSignal): Promise<void> {
    const { store, signer } = this.deps;
    const { cut: most = CUT } = this.options;
    const days = await this.#days();
    if (days === 0) return;
    const cutOff = new Date(this.#clock.now() - days * DAY_MS - SLACK_MS).toISOString();
    const archive = await this.#readArchive();
    if (archive.findings.length > 0) return this.#refuse('the archive does not verify', archive.findings);
    for (let { base } = archive; !end.aborted;) {
      const plan = await store
        .snapshot(async ({ auditArchive, auditChain: chain }) =>
          ((await auditArchive.newest())?.seq ?? 0) === base.seq
            ? planCuts({ base, cutOff, most, end }, { chain, signer })
            : undefined,
        )
        .catch((error: unknown) => {
          if (!end.aborted || error !== end.reason) throw error;
          return undefined;
        });
      // The end, or somebody else has cut since: it goes on there.
      if (plan === undefined) return;
      if (plan.obstacle !== undefined) return this.#refuse(plan.obstacle, plan.findings);
      this.deps.metrics.refused.set(0);
      if (plan.ends.length === 0) return;
      for (const place of plan.ends) {
        if (end.aborted) return;
        await this.#cut(base, place, cutOff);
        base = place;
      }
    }
  }

  /** What is asked for, or what the owner of the schema wants at least: Postgres refuses less. 0: nothing is dropped. */
  async #days(): Promise<number> {
    const { days } = this.options;
    const floor = await this.deps.store.snapshot(({ auditArchive }) => auditArchive.floorDays());
    if (floor !== 0 && days >= floor) return days;
    this.deps.logger.warn(
      { event: 'audit_retention_below_floor', days, floor_days: floor },
      'the owner of the schema keeps lines of the audit log for longer than this backend is told to: so they stay',
    );
    return floor;
  }

  /** Where the newest cut has ended. */
  #readArchive(): Promise<{ base: Place; findings: readonly AuditFinding[] }> {
    return this.deps.store.snapshot(async ({ auditArchive: archive }) => {
      const findings = new Findings();
      const { base } = await walkArchive({ archive, signer: this.deps.archives, findings });
      return { base, findings: findings.listed };
    });
  }

  async #cut(base: Place, { seq, hash }: Place, cutOff: string): Promise<void> {
    const { store, archives, logger, metrics } = this.deps;
    const row = archives.sign({
      ...{ seq, hash, after_seq: base.seq, after_hash: base.hash },
      ...{ entries: seq - base.seq, cut_off: cutOff, at: new Date(this.#clock.now()).toISOString() },
    });
    await store.transaction(async ({ auditArchive, audit }) => {
      await auditArchive.cut(row);
      await audit.append(cutEntry(row));
    });
    metrics.dropped.inc(row.entries);
    // The copy that whoever changes the tables cannot reach.
    logger.info(
      { event: 'audit_archive', ...row },
      'lines of the audit log were dropped after their retention',
    );
  }

  #refuse(reason: string, findings: readonly AuditFinding[]): void {
    const { logger, metrics } = this.deps;
    metrics.refused.set(1);
    logger.error(
      { event: 'audit_retention_refused', reason, findings: findings.slice(0, TOLD) },
      `no line of the audit log is dropped: ${reason}`,
    );
  }
}

/** Stands in the chain itself, so that a cut cannot be denied either. */
const cutEntry = (
  row: Readonly<Record<'seq' | 'after_seq' | 'entries', number>> & { hash: string; cut_off: string },
): AuditEntry => ({
  actor: { kind: 'system', id: 'backend', name: 'audit retention' },
  action: 'audit.drop',
  outcome: 'success',
  detail: {
    after_seq: row.after_seq,
    seq: row.seq,
    hash: row.hash,
    entries: row.entries,
    cut_off: row.cut_off,
  },
});
