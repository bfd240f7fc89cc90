import type { Checkpoint } from '@viw/database';
import type { Clock, Logger } from '@viw/runtime';
import { systemClock } from '@viw/runtime';
import type { Repositories, Store } from '../store';
import type { ArchiveSigner } from './archive-signer';
import { chainHash } from './chain-hash';
import { BEGINNING } from './chain-walk';
import type { Place } from './chain-walk';
import type { CheckpointSigner } from './checkpoint-signer';

/** Lines per transaction. */
const BATCH = 500;
/** A checkpoint is due after so many lines, or so long after the one before if there was any line. */
const CHECKPOINT_LINES = 1_000;
const CHECKPOINT_MS = 60_000;
/** Checkpoints that are looked at for one that holds, when the sealer begins. */
const LOOKED_BACK = 20;

export interface AuditSealerOptions {
  readonly checkpointMs?: number;
}

export interface AuditSealerDeps {
  readonly store: Store;
  readonly signer: CheckpointSigner;
  readonly archives: ArchiveSigner;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Appends new lines of the audit log to the hash chain, in the order of their ids, and signs where the chain stands. Of all backends
 * one at a time is to do it. What it has once sealed it never seals again: when the end of the chain has been cut off it goes on behind what
 * it remembers, or behind the newest checkpoint or cut that holds, so that the hole stays to be seen.
 */
export class AuditSealer {
  readonly #clock: Clock;
  #remembered: Place = BEGINNING;
  #checkpoint: { readonly seq: number; readonly at: number } | undefined;

  constructor(
    private readonly options: AuditSealerOptions,
    private readonly deps: AuditSealerDeps,
  ) {
    this.#clock = deps.clock ?? systemClock;
  }

  /** Seals what is new. @param end leaves off after a batch */
  async seal(end: AbortSignal): Promise<void> {
    let sealed: number;
    do {
      sealed = await this.#sealBatch();
      if (end.aborted) return;
      await this.#signWhenDue();
    } while (sealed === BATCH);
  }

  /** @returns how many lines */
  async #sealBatch(): Promise<number> {
    const sealed = await this.deps.store.transaction(async ({ auditArchive, auditChain }) => {
      const entries = await auditChain.unsealed(BATCH);
      if (entries.length === 0) return undefined;
      let { seq, hash } = await this.#endOf(auditChain, auditArchive);
      const links = entries.map((entry) => {
        const previous = hash;
        hash = chainHash(previous, entry);
        return { seq: ++seq, entry_id: entry.id, prev_hash: previous, hash };
      });
      await auditChain.append(links);
      return { count: links.length, place: { seq, hash } };
    });
    if (sealed === undefined) return 0;
    this.#remembered = sealed.place;
    return sealed.count;
  }

  /** Where the chain goes on. */
  async #endOf(chain: Repositories['auditChain'], archive: Repositories['auditArchive']): Promise<Place> {
    const stored = (await chain.tip()) ?? BEGINNING;
    const known = this.#newest(
      this.#remembered,
      await this.#newestCheckpoint(chain),
      await this.#newestCut(archive),
    );
    if (stored.seq > known.seq || (stored.seq === known.seq && stored.hash === known.hash)) return stored;
    this.deps.logger.error(
      { event: 'audit_chain_broken', stored_seq: stored.seq, known_seq: known.seq },
      'the end of the audit chain was cut off or replaced: compare with checkpoints kept elsewhere',
    );
    return known;
  }

  #newest(...places: Place[]): Place {
    return places.reduce((newest, place) => (place.seq > newest.seq ? place : newest), BEGINNING);
  }

  async #newestCheckpoint(chain: Repositories['auditChain']): Promise<Place> {
    const latest = await chain.latestCheckpoints(LOOKED_BACK);
    return latest.find((checkpoint) => this.deps.signer.judge(checkpoint) === 'valid') ?? BEGINNING;
  }

  async #newestCut(archive: Repositories['auditArchive']): Promise<Place> {
    const row = await archive.newest();
    return row && this.deps.archives.judge(row) === 'valid' ? row : BEGINNING;
  }

  async #signWhenDue(): Promise<void> {
    const { store, signer, logger } = this.deps;
    const { checkpointMs = CHECKPOINT_MS } = this.options;
    const now = this.#clock.now();
    const { seq, hash } = this.#remembered;
    const last = this.#checkpoint ?? { seq: 0, at: 0 };
    if (seq <= last.seq || (seq - last.seq < CHECKPOINT_LINES && now - last.at < checkpointMs)) return;
    const checkpoint: Checkpoint = signer.sign({ seq, hash, at: new Date(now).toISOString() });
    await store.repositories.auditChain.addCheckpoint(checkpoint);
    this.#checkpoint = { seq, at: now };
    // The copy that whoever changes the tables cannot reach.
    logger.info({ event: 'audit_checkpoint', ...checkpoint }, 'where the audit chain stands');
  }
}
