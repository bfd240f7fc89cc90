import { setTimeout as pause } from 'node:timers/promises';
import type { StreamName } from '@viw/contracts';
import type { Findings } from '../ledger/findings';

/** What hubs do to a writer: traffic, its books, and their comparison with what the writer has stored. */
export interface Load {
  /** Streams it writes to. */
  readonly streams: readonly StreamName[];
  readonly sent: number;
  readonly acknowledged: number;
  prepare(): Promise<void>;
  /** Open loop: what is due is sent, however slow the answers are. Resolves when all has been handed over. */
  run(windowMs: number): Promise<void>;
  /** Resolves when Redis has confirmed or refused everything. */
  settled(): Promise<void>;
  audit(): Promise<Findings>;
}

const TICK_MS = 10;

/** Calls `act` at a fixed rate; after a stall it catches up. */
export async function openLoop(perSecond: number, windowMs: number, act: () => void): Promise<void> {
  const start = performance.now();
  const total = Math.floor((windowMs / 1_000) * perSecond);
  for (let done = 0; done < total;) {
    const due = Math.min(total, Math.ceil(((performance.now() - start) / 1_000) * perSecond));
    for (; done < due; done++) act();
    if (done < total) await pause(TICK_MS);
  }
}

/** Publishes under way, and how many were confirmed. */
export class Publishes {
  sent = 0;
  acknowledged = 0;
  readonly #open = new Set<Promise<void>>();

  /** @param confirmed called when Redis has confirmed; a refusal is no promise, so nothing follows from it */
  track(publishing: Promise<string>, confirmed: () => void): void {
    this.sent += 1;
    const end = publishing.then(
      () => {
        this.acknowledged += 1;
        confirmed();
      },
      () => undefined,
    );
    this.#open.add(end);
    void end.then(() => this.#open.delete(end));
  }

  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}
